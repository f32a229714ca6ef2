#include "engine/search_attributes.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

namespace perdure::engine {
namespace {

using nlohmann::json;
using temporal::api::common::v1::Payload;
using namespace temporal::api::enums::v1;  // NOLINT(google-build-using-namespace): INDEXED_VALUE_TYPE_*

constexpr std::array<std::string_view, 16> kSystem = {"WorkflowId",           "RunId",
                                                      "WorkflowType",         "StartTime",
                                                      "ExecutionTime",        "CloseTime",
                                                      "ExecutionStatus",      "TaskQueue",
                                                      "HistoryLength",        "ExecutionDuration",
                                                      "StateTransitionCount", "HistorySizeBytes",
                                                      "ParentWorkflowId",     "ParentRunId",
                                                      "RootWorkflowId",       "RootRunId"};

// Built-in ones that only the server itself sets.
constexpr std::array<std::string_view, 6> kInternal = {
    "TemporalWorkerDeploymentVersion", "TemporalWorkflowVersioningBehavior",
    "TemporalWorkerDeployment",        "TemporalUsedWorkerDeploymentVersions",
    "TemporalExternalPayloadCount",    "TemporalExternalPayloadSizeBytes"};

struct BuiltIn {
  std::string_view name;
  IndexedValueType type;
};
constexpr auto kSettable = std::to_array<BuiltIn>({
    {"TemporalChangeVersion", INDEXED_VALUE_TYPE_KEYWORD_LIST},
    {"BinaryChecksums", INDEXED_VALUE_TYPE_KEYWORD_LIST},
    {"BuildIds", INDEXED_VALUE_TYPE_KEYWORD_LIST},
    {"BatcherNamespace", INDEXED_VALUE_TYPE_KEYWORD},
    {"BatcherUser", INDEXED_VALUE_TYPE_KEYWORD},
    {"TemporalScheduledStartTime", INDEXED_VALUE_TYPE_DATETIME},
    {"TemporalScheduledById", INDEXED_VALUE_TYPE_KEYWORD},
    {"TemporalSchedulePaused", INDEXED_VALUE_TYPE_BOOL},
    {"TemporalNamespaceDivision", INDEXED_VALUE_TYPE_KEYWORD},
    {"TemporalPauseInfo", INDEXED_VALUE_TYPE_KEYWORD_LIST},
    {"TemporalReportedProblems", INDEXED_VALUE_TYPE_KEYWORD_LIST},
});

template <typename Names>
bool IsOneOf(std::string_view name, const Names& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "KeywordList" for INDEXED_VALUE_TYPE_KEYWORD_LIST.
std::string TypeName(IndexedValueType type) {
  switch (type) {
    case INDEXED_VALUE_TYPE_TEXT:
      return "Text";
    case INDEXED_VALUE_TYPE_KEYWORD:
      return "Keyword";
    case INDEXED_VALUE_TYPE_INT:
      return "Int";
    case INDEXED_VALUE_TYPE_DOUBLE:
      return "Double";
    case INDEXED_VALUE_TYPE_BOOL:
      return "Bool";
    case INDEXED_VALUE_TYPE_DATETIME:
      return "Datetime";
    case INDEXED_VALUE_TYPE_KEYWORD_LIST:
      return "KeywordList";
    default:  // an open enum of the API
      return "Unspecified";
  }
}

bool IsScalar(IndexedValueType type, const json& value) {
  switch (type) {
    case INDEXED_VALUE_TYPE_TEXT:
    case INDEXED_VALUE_TYPE_KEYWORD:
    case INDEXED_VALUE_TYPE_KEYWORD_LIST:  // of an element
      return value.is_string();
    case INDEXED_VALUE_TYPE_INT:
      return value.is_number_integer();
    case INDEXED_VALUE_TYPE_DOUBLE:
      return value.is_number();
    case INDEXED_VALUE_TYPE_BOOL:
      return value.is_boolean();
    case INDEXED_VALUE_TYPE_DATETIME: {
      absl::Time time;
      return value.is_string() &&
             absl::ParseTime(absl::RFC3339_full, value.get<std::string>(), &time, nullptr);
    }
    default:  // an open enum of the API
      return false;
  }
}

// Null and an empty list unset an attribute. A list of one stands for its element, but an element stands for
// no list.
bool IsValue(IndexedValueType type, const json& value) {
  if (value.is_null()) return true;
  const bool list = type == INDEXED_VALUE_TYPE_KEYWORD_LIST;
  if (!value.is_array()) return !list && IsScalar(type, value);
  if (!list && value.size() > 1) return false;
  return std::all_of(value.begin(), value.end(), [&](const json& one) { return IsScalar(type, one); });
}

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

// What does not fit into a workflow's attributes in any case: it is refused for its size, unread.
bool IsTooLarge(const Payload& payload) {
  return payload.data().size() > limits::kSearchAttributeValue ||
         payload.ByteSizeLong() > limits::kSearchAttributesSize;
}

absl::Status CheckValue(const std::string& name, IndexedValueType type, const Payload& payload) {
  if (IsTooLarge(payload)) return absl::OkStatus();
  const auto encoding = payload.metadata().find("encoding");
  if (encoding != payload.metadata().end() && encoding->second == "binary/null") return absl::OkStatus();
  const json value = ParseValue(payload.data());
  const bool decoded =
      encoding != payload.metadata().end() && encoding->second == "json/plain" && !value.is_discarded();
  if (decoded && IsValue(type, value)) return absl::OkStatus();
  const std::string shown = !decoded ? fmt::format("value from <{}>", Shown(payload.ShortDebugString()))
                            : value.is_string() ? Shown(value.get<std::string>())
                                                : Shown(value.dump());
  return InvalidArgument(
      fmt::format("invalid value for search attribute {} of type {}: {}", name, TypeName(type), shown));
}

}  // namespace

std::optional<IndexedValueType> SettableType(const SearchAttributeTypes& custom, std::string_view name) {
  for (const BuiltIn& built_in : kSettable) {
    if (built_in.name == name) return built_in.type;
  }
  const auto found = custom.find(AbslView(name));
  if (found == custom.end()) return std::nullopt;
  return found->second;
}

absl::Status CheckSearchAttributeNames(const SearchAttributeTypes& custom, std::string_view name_space,
                                       const temporal::api::common::v1::SearchAttributes& attributes) {
  for (const auto& [name, payload] : attributes.indexed_fields()) {
    if (SettableType(custom, name) || IsOneOf(name, kSystem) || IsOneOf(name, kInternal)) continue;
    return InvalidArgument(fmt::format("Namespace {} has no mapping defined for search attribute {}",
                                       Shown(name_space), Shown(name)));
  }
  return absl::OkStatus();
}

absl::Status CheckSearchAttributes(const SearchAttributeTypes& custom, std::string_view name_space,
                                   const temporal::api::common::v1::SearchAttributes& attributes) {
  const auto& fields = attributes.indexed_fields();
  // A name that is not known comes before everything else: the real server translates names first.
  absl::Status known = CheckSearchAttributeNames(custom, name_space, attributes);
  if (!known.ok()) return known;
  if (fields.size() > limits::kSearchAttributes) {
    return InvalidArgument(fmt::format("number of search attributes {} exceeds limit {}", fields.size(),
                                       limits::kSearchAttributes));
  }
  for (const auto& [name, payload] : fields) {
    const auto type = SettableType(custom, name);
    if (!type)
      return InvalidArgument(fmt::format("{} attribute can't be set in SearchAttributes", Shown(name)));
    const absl::Status valid = CheckValue(name, *type, payload);
    if (!valid.ok()) return valid;
  }
  return absl::OkStatus();
}

absl::Status CheckSearchAttributeSizes(const temporal::api::common::v1::SearchAttributes& attributes) {
  for (const auto& [name, payload] : attributes.indexed_fields()) {
    if (payload.data().size() > limits::kSearchAttributeValue) {
      return InvalidArgument(fmt::format("search attribute {} value size {} exceeds size limit {}", name,
                                         payload.data().size(), limits::kSearchAttributeValue));
    }
  }
  if (attributes.ByteSizeLong() > limits::kSearchAttributesSize) {
    return InvalidArgument(fmt::format("total size of search attributes {} exceeds size limit {}",
                                       attributes.ByteSizeLong(), limits::kSearchAttributesSize));
  }
  return absl::OkStatus();
}

absl::Status NormalizeSearchAttributes(const SearchAttributeTypes& custom, std::string_view name_space,
                                       temporal::api::common::v1::SearchAttributes& attributes) {
  absl::Status status = CheckSearchAttributes(custom, name_space, attributes);
  if (status.ok()) status = CheckSearchAttributeSizes(attributes);
  if (status.ok()) NameTypes(custom, attributes);
  return status;
}

void NameTypes(const SearchAttributeTypes& custom, temporal::api::common::v1::SearchAttributes& attributes) {
  for (auto& [name, payload] : *attributes.mutable_indexed_fields()) {
    if (const auto type = SettableType(custom, name)) (*payload.mutable_metadata())["type"] = TypeName(*type);
  }
}

void NameTypesOfUpserts(const SearchAttributeTypes& custom,
                        google::protobuf::RepeatedPtrField<temporal::api::command::v1::Command>& commands) {
  for (auto& command : commands) {
    if (!command.has_upsert_workflow_search_attributes_command_attributes()) continue;
    auto& attributes = *command.mutable_upsert_workflow_search_attributes_command_attributes();
    if (attributes.has_search_attributes()) NameTypes(custom, *attributes.mutable_search_attributes());
  }
}

}  // namespace perdure::engine
