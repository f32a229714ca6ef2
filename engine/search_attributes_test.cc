#include "engine/search_attributes.h"

#include <string>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"

namespace perdure::engine {
namespace {

using temporal::api::common::v1::SearchAttributes;

SearchAttributes Of(const std::string& name, const std::string& data) {
  SearchAttributes attributes;
  auto& payload = (*attributes.mutable_indexed_fields())[name];
  (*payload.mutable_metadata())["encoding"] = "json/plain";
  payload.set_data(data);
  return attributes;
}

absl::Status Normalize(SearchAttributes attributes) {
  const SearchAttributeTypes custom = {{"Number", temporal::api::enums::v1::INDEXED_VALUE_TYPE_INT}};
  return NormalizeSearchAttributes(custom, "default", attributes);
}

std::string Nested(size_t depth) {
  return absl::StrCat(std::string(depth, '['), "\"x\"", std::string(depth, ']'));
}

TEST_CASE("A value that is nested is refused, however deep it is") {
  for (const size_t depth : {2U, 3U, 100U, 1000U}) {
    CAPTURE(depth);
    const absl::Status status = Normalize(Of("BuildIds", Nested(depth)));
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(absl::StartsWith(status.message(),
                           "invalid value for search attribute BuildIds of type KeywordList: "));
    CHECK(status.message().size() < 1000);
  }
  CHECK(Normalize(Of("BuildIds", Nested(1))).ok());
}

TEST_CASE("A list of keywords is given as a list, also one of a single keyword") {
  CHECK(Normalize(Of("BuildIds", "\"x\"")).message() ==
        "invalid value for search attribute BuildIds of type KeywordList: x");
  CHECK_FALSE(Normalize(Of("BuildIds", "1")).ok());
  CHECK_FALSE(Normalize(Of("BuildIds", "[1]")).ok());
  for (const char* list : {R"(["x"])", R"(["x","y"])", "[]", "null"}) {
    CHECK(Normalize(Of("BuildIds", list)).ok());
  }
  for (const char* keyword : {"\"x\"", R"(["x"])"}) CHECK(Normalize(Of("BatcherUser", keyword)).ok());
}

TEST_CASE("A value over its limit is refused for its size, before it is parsed") {
  for (const size_t depth : {limits::kSearchAttributeValue + 1, size_t{100'000}, size_t{1'900'000}}) {
    CAPTURE(depth);
    for (const std::string& data :
         {Nested(depth), std::string(depth, '['), absl::StrCat("\"", std::string(depth, 'x'), "\"")}) {
      const absl::Status status = Normalize(Of("BuildIds", data));
      CHECK(status.message() == absl::StrCat("search attribute BuildIds value size ", data.size(),
                                             " exceeds size limit ", limits::kSearchAttributeValue));
    }
  }
  SearchAttributes metadata = Of("Number", "1");
  (*(*metadata.mutable_indexed_fields())["Number"].mutable_metadata())["key"] = std::string(100'000, 'x');
  CHECK(absl::StartsWith(Normalize(metadata).message(), "total size of search attributes"));
}

TEST_CASE("Attributes with too many words to be searched by are refused, whatever type the client names") {
  std::string text = "\"";
  for (char first = 'a'; first <= 'z'; ++first) {
    for (char second = 'a'; second <= 'z'; ++second) text += {first, second, ' '};
  }
  text += '"';
  SearchAttributeTypes custom;
  SearchAttributes attributes;
  const auto add = [&](const std::string& name, const std::string& said) {
    custom[name] = temporal::api::enums::v1::INDEXED_VALUE_TYPE_TEXT;
    auto& payload = (*attributes.mutable_indexed_fields())[name];
    payload = Of(name, text).indexed_fields().at(name);
    (*payload.mutable_metadata())["type"] = said;
  };
  for (int i = 0; i < 17; ++i) add(absl::StrCat("Short", i), "Text");
  CHECK(NormalizeSearchAttributes(custom, "default", attributes).ok());
  custom.clear();
  attributes.Clear();
  add(std::string(limits::kSearchAttributeName, 'a'), "Int");
  CHECK(NormalizeSearchAttributes(custom, "default", attributes).ok());
  add(std::string(limits::kSearchAttributeName, 'b'), "Int");
  const absl::Status status = NormalizeSearchAttributes(custom, "default", attributes);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::StartsWith(status.message(), "total size of search attributes"));
  CHECK(absl::EndsWith(status.message(), absl::StrCat(" exceeds size limit ", limits::kSearchEntriesSize)));
}

TEST_CASE("What a refusal repeats of a name or a value is short") {
  const std::string at_the_limit(limits::kSearchAttributeValue - 2, 'x');
  for (const SearchAttributes& attributes :
       {Of(std::string(100'000, 'n'), "1"), Of("Number", absl::StrCat("\"", at_the_limit, "\"")),
        Of("Number", absl::StrCat("[\"", at_the_limit.substr(4), "\"]")), Of("Number", at_the_limit)}) {
    const absl::Status status = Normalize(attributes);
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(status.message().size() < 2 * limits::kShownValue);
  }
}

}  // namespace
}  // namespace perdure::engine
