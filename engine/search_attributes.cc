#include "engine/search_attributes.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/search_values.h"

namespace perdure::engine {
namespace {

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

// No attributes, but what the real server keeps for itself; and what begins so.
constexpr std::array<std::string_view, 4> kReserved = {"NamespaceId", "MemoEncoding", "Memo",
                                                       "VisibilityTaskKey"};
constexpr std::string_view kReservedPrefix = "Temporal";

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

constexpr auto kTypeNames = std::to_array<BuiltIn>({{"Unspecified", INDEXED_VALUE_TYPE_UNSPECIFIED},
                                                    {"Text", INDEXED_VALUE_TYPE_TEXT},
                                                    {"Keyword", INDEXED_VALUE_TYPE_KEYWORD},
                                                    {"Int", INDEXED_VALUE_TYPE_INT},
                                                    {"Double", INDEXED_VALUE_TYPE_DOUBLE},
                                                    {"Bool", INDEXED_VALUE_TYPE_BOOL},
                                                    {"Datetime", INDEXED_VALUE_TYPE_DATETIME},
                                                    {"KeywordList", INDEXED_VALUE_TYPE_KEYWORD_LIST}});

// What does not fit into a workflow's attributes in any case: it is refused for its size, unread.
bool IsTooLarge(const Payload& payload) {
  return payload.data().size() > limits::kSearchAttributeValue ||
         payload.ByteSizeLong() > limits::kSearchAttributesSize;
}

absl::Status CheckValue(const std::string& name, IndexedValueType type, const Payload& payload) {
  if (IsTooLarge(payload)) return absl::OkStatus();
  if (SearchValuesOf(type, payload)) return absl::OkStatus();
  const auto value = ShownSearchValue(payload);
  const std::string shown =
      value ? *value : fmt::format("value from <{}>", Shown(payload.ShortDebugString()));
  return InvalidArgument(fmt::format("invalid value for search attribute {} of type {}: {}", name,
                                     SearchAttributeTypeName(type), shown));
}

absl::Status CheckOwnSizes(const temporal::api::common::v1::SearchAttributes& attributes) {
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

absl::Status CheckEntries(const temporal::api::common::v1::SearchAttributes& attributes) {
  size_t size = 0;
  for (const std::string& entry : SearchEntriesOf(attributes)) size += entry.size();
  if (size <= limits::kSearchEntriesSize) return absl::OkStatus();
  return InvalidArgument(fmt::format(
      "total size of search attributes, each word and value with its attribute's name, {} exceeds "
      "size limit {}",
      size, limits::kSearchEntriesSize));
}

}  // namespace

std::string_view SearchAttributeTypeName(IndexedValueType type) {
  const auto* found = std::find_if(kTypeNames.begin(), kTypeNames.end(),
                                   [type](const BuiltIn& one) { return one.type == type; });
  return found == kTypeNames.end() ? "Unspecified" : found->name;
}

IndexedValueType SearchAttributeTypeOf(std::string_view name) {
  const auto* found = std::find_if(kTypeNames.begin(), kTypeNames.end(),
                                   [name](const BuiltIn& one) { return one.name == name; });
  return found == kTypeNames.end() ? INDEXED_VALUE_TYPE_UNSPECIFIED : found->type;
}

bool IsSystemAttribute(std::string_view name) {
  return IsOneOf(name, kSystem) || IsOneOf(name, kInternal) || SettableType({}, name).has_value();
}

bool IsReservedName(std::string_view name) {
  return name.starts_with(kReservedPrefix) || IsOneOf(name, kReserved) || IsSystemAttribute(name);
}

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
    if (custom.contains(AbslView(name)) || IsSystemAttribute(name)) continue;
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
  absl::Status status = CheckOwnSizes(attributes);
  if (status.ok()) status = CheckEntries(attributes);
  return status;
}

absl::Status NormalizeSearchAttributes(const SearchAttributeTypes& custom, std::string_view name_space,
                                       temporal::api::common::v1::SearchAttributes& attributes) {
  absl::Status status = CheckSearchAttributes(custom, name_space, attributes);
  if (status.ok()) status = CheckOwnSizes(attributes);
  if (!status.ok()) return status;
  NameTypes(custom, attributes);
  return CheckEntries(attributes);
}

void NameTypes(const SearchAttributeTypes& custom, temporal::api::common::v1::SearchAttributes& attributes) {
  for (auto& [name, payload] : *attributes.mutable_indexed_fields()) {
    if (const auto type = SettableType(custom, name))
      (*payload.mutable_metadata())["type"] = SearchAttributeTypeName(*type);
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
