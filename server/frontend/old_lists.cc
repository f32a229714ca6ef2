#include "server/frontend/old_lists.h"

#include <fmt/format.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "base/time.h"

namespace perdure::server {
namespace {

std::string TimeText(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

}  // namespace

absl::Status OldList::AddTimes(std::string_view attribute,
                               const temporal::api::filter::v1::StartTimeFilter& times) {
  const absl::Time earliest = FromProto(times.earliest_time());
  const absl::Time latest = FromProto(times.latest_time());
  if (times.has_earliest_time() && times.has_latest_time() && earliest > latest) {
    return InvalidArgument("EarliestTime in StartTimeFilter should not be larger than LatestTime.");
  }
  if (times.has_earliest_time()) AddComparison(attribute, ">=", TimeText(earliest));
  if (times.has_latest_time()) AddComparison(attribute, "<=", TimeText(latest));
  return absl::OkStatus();
}

void OldList::Add(std::string_view attribute, std::string_view value) {
  AddComparison(attribute, "=", value);
}

void OldList::AddComparison(std::string_view attribute, std::string_view comparison, std::string_view value) {
  query_ += fmt::format(" AND {} {} '", attribute, comparison);
  for (const char c : value) {
    if (c == '\'' || c == '\\') query_ += '\\';
    query_ += c;
  }
  query_ += '\'';
}

}  // namespace perdure::server
