// The lists of open and of closed workflows that came before list filters: each of their own filters is a
// condition of a list filter.
//
// Not thread-safe: made and used by one call.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/frontend/list_pages.h"
#include "temporal/api/filter/v1/message.pb.h"

namespace perdure::server {

// A page of such a list, as AnswerListPage wants it.
class OldListPage {
 public:
  OldListPage(std::string query, int32_t page_size, std::string page_token)
      : query_(std::move(query)), page_size_(page_size), page_token_(std::move(page_token)) {}
  const std::string& query() const { return query_; }
  int32_t page_size() const { return page_size_; }
  const std::string& next_page_token() const { return page_token_; }

 private:
  std::string query_;
  int32_t page_size_;
  std::string page_token_;
};

class OldList {
 public:
  // `status`: a comparison with it.
  explicit OldList(std::string_view status) : query_(status) {}
  // INVALID_ARGUMENT when the times end before they begin.
  absl::Status AddTimes(std::string_view attribute, const temporal::api::filter::v1::StartTimeFilter& times);
  void Add(std::string_view attribute, std::string_view value);
  OldListPage Page(int32_t page_size, std::string page_token) && {
    return {std::move(query_), page_size, std::move(page_token)};
  }

 private:
  void AddComparison(std::string_view attribute, std::string_view comparison, std::string_view value);

  std::string query_;
};

}  // namespace perdure::server
