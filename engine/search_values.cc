#include "engine/search_values.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/search_attributes.h"
#include "engine/words.h"

namespace perdure::engine {
namespace {

using nlohmann::json;
using temporal::api::common::v1::Payload;
using temporal::api::common::v1::SearchAttributes;
using namespace temporal::api::enums::v1;  // NOLINT(google-build-using-namespace): INDEXED_VALUE_TYPE_*

static_assert(limits::kSearchAttributeName <= std::numeric_limits<uint8_t>::max(), "a byte holds the length");

constexpr uint64_t kSignBit = uint64_t{1} << 63;
// What the real server's zero time is.
constexpr int64_t kYearOne = -62'135'596'800;

// The deepest value that means anything is a list of scalars.
constexpr int kJsonDepth = 2;

// Parsed no deeper than that, so that neither what reads the value nor what shows it can go deep. Discarded
// when it is not JSON, or deeper.
json ParseValue(std::string_view text) {
  bool too_deep = false;
  const auto within_depth = [&](int depth, json::parse_event_t event, json&) {
    const bool opens =
        event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (opens && depth >= kJsonDepth) too_deep = true;
    return !too_deep;
  };
  json value = json::parse(text, within_depth, /*allow_exceptions=*/false);
  return too_deep ? json(json::value_t::discarded) : value;
}

std::optional<SearchValue> IntegerOf(const json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  const bool beyond =
      value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()};
  if (beyond) return std::nullopt;
  return value.get<int64_t>();
}

std::optional<SearchValue> TimeOf(const json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto time = SearchTimeOf(value.get<std::string>());
  if (!time) return std::nullopt;
  return *time;
}

std::optional<SearchValue> ScalarOf(IndexedValueType type, const json& value) {
  switch (type) {
    case INDEXED_VALUE_TYPE_TEXT:
    case INDEXED_VALUE_TYPE_KEYWORD:
    case INDEXED_VALUE_TYPE_KEYWORD_LIST:  // of an element
      if (!value.is_string()) return std::nullopt;
      return value.get<std::string>();
    case INDEXED_VALUE_TYPE_INT:
      return IntegerOf(value);
    case INDEXED_VALUE_TYPE_DOUBLE:
      if (!value.is_number()) return std::nullopt;
      return value.get<double>();
    case INDEXED_VALUE_TYPE_BOOL:
      if (!value.is_boolean()) return std::nullopt;
      return value.get<bool>();
    case INDEXED_VALUE_TYPE_DATETIME:
      return TimeOf(value);
    default:  // an open enum of the API
      return std::nullopt;
  }
}

// What the real server makes of a null inside a list.
SearchValue ZeroOf(IndexedValueType type) {
  switch (type) {
    case INDEXED_VALUE_TYPE_INT:
      return int64_t{0};
    case INDEXED_VALUE_TYPE_DOUBLE:
      return 0.0;
    case INDEXED_VALUE_TYPE_BOOL:
      return false;
    case INDEXED_VALUE_TYPE_DATETIME:
      return absl::FromUnixSeconds(kYearOne);
    default:  // an open enum of the API
      return std::string();
  }
}

char LetterOf(IndexedValueType type) {
  switch (type) {
    case INDEXED_VALUE_TYPE_TEXT:
      return 'T';
    case INDEXED_VALUE_TYPE_KEYWORD:
      return 'K';
    case INDEXED_VALUE_TYPE_INT:
      return 'I';
    case INDEXED_VALUE_TYPE_DOUBLE:
      return 'D';
    case INDEXED_VALUE_TYPE_BOOL:
      return 'B';
    case INDEXED_VALUE_TYPE_DATETIME:
      return 'M';
    case INDEXED_VALUE_TYPE_KEYWORD_LIST:
      return 'L';
    default:  // an open enum of the API
      return '?';
  }
}

std::string BigEndian(uint64_t number) {
  std::string bytes(sizeof number, '\0');
  for (size_t i = bytes.size(); i-- > 0; number >>= 8) bytes[i] = static_cast<char>(number & 0xff);
  return bytes;
}

struct ToBytes {
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(int64_t number) const { return BigEndian(static_cast<uint64_t>(number) ^ kSignBit); }
  std::string operator()(double number) const {
    const auto bits = std::bit_cast<uint64_t>(number == 0 ? 0.0 : number);
    return BigEndian((bits & kSignBit) != 0 ? ~bits : bits | kSignBit);
  }
  std::string operator()(bool value) const { return value ? "1" : "0"; }
  std::string operator()(absl::Time time) const { return (*this)(absl::ToUnixMicros(time)); }
};

IndexedValueType NamedType(const Payload& payload) {
  const auto found = payload.metadata().find("type");
  if (found == payload.metadata().end()) return INDEXED_VALUE_TYPE_UNSPECIFIED;
  return SearchAttributeTypeOf(found->second);
}

void AddEntries(const std::string& name, const Payload& payload, std::vector<std::string>& entries) {
  const IndexedValueType type = NamedType(payload);
  const auto values = SearchValuesOf(type, payload);
  if (!values) return;
  const std::string prefix = SearchEntryPrefix(name, type);
  for (const SearchValue& value : *values) {
    if (type != INDEXED_VALUE_TYPE_TEXT) {
      entries.push_back(prefix + SearchEntryValue(value));
      continue;
    }
    entries.push_back(prefix);
    for (const std::string& word : WordsOf(std::get<std::string>(value))) entries.push_back(prefix + word);
  }
}

// As the real server's errors write a value, which are Go's.
std::string InGo(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  const bool beyond = value.is_number_unsigned() && !IntegerOf(value);
  if (value.is_number_float() || beyond) return fmt::format("{}", value.get<double>());
  if (!value.is_array()) return value.dump();
  std::string list = "[";
  for (const json& one : value) list += (list.size() == 1 ? "" : " ") + InGo(one);
  return list + "]";
}

bool HasEncoding(const Payload& payload, std::string_view encoding) {
  const auto found = payload.metadata().find("encoding");
  return found != payload.metadata().end() && found->second == encoding;
}

// Discarded where it holds no JSON.
json JsonOf(const Payload& payload) {
  return HasEncoding(payload, "json/plain") ? ParseValue(payload.data()) : json(json::value_t::discarded);
}

}  // namespace

std::optional<absl::Time> SearchTimeOf(const std::string& text) {
  // ParseTime takes surrounding blanks and "infinite-future" too.
  const auto is_plain = [&] {
    return !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
           !absl::ascii_isspace(static_cast<unsigned char>(text.back()));
  };
  absl::Time time;
  if (!is_plain() || !absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return std::nullopt;
  return time;
}

std::optional<std::string> ShownSearchValue(const Payload& payload) {
  const json value = JsonOf(payload);
  if (value.is_discarded()) return std::nullopt;
  return Shown(InGo(value));
}

std::optional<std::vector<SearchValue>> SearchValuesOf(IndexedValueType type, const Payload& payload) {
  if (HasEncoding(payload, "binary/null")) return std::vector<SearchValue>();
  const json value = JsonOf(payload);
  if (value.is_discarded()) return std::nullopt;
  if (value.is_null()) return std::vector<SearchValue>();
  const bool list = type == INDEXED_VALUE_TYPE_KEYWORD_LIST;
  std::vector<SearchValue> values;
  if (!value.is_array()) {
    auto scalar = list ? std::nullopt : ScalarOf(type, value);
    if (!scalar) return std::nullopt;
    values.push_back(*std::move(scalar));
    return values;
  }
  // A list of one stands for its element, but an element stands for no list.
  if (!list && value.size() > 1) return std::nullopt;
  for (const json& one : value) {
    auto element = one.is_null() ? ZeroOf(type) : ScalarOf(type, one);
    if (!element) return std::nullopt;
    values.push_back(*std::move(element));
  }
  return values;
}

std::string SearchEntryPrefix(std::string_view name, IndexedValueType type) {
  name = name.substr(0, std::numeric_limits<uint8_t>::max());
  std::string prefix(1, static_cast<char>(name.size()));
  prefix.append(name);
  prefix.push_back(LetterOf(type));
  return prefix;
}

std::string SearchEntryValue(const SearchValue& value) { return std::visit(ToBytes{}, value); }

std::vector<std::string> SearchEntriesOf(const SearchAttributes& attributes) {
  std::vector<std::string> entries;
  for (const auto& [name, payload] : attributes.indexed_fields()) AddEntries(name, payload, entries);
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  return entries;
}

}  // namespace perdure::engine
