#include "server/frontend/search_attribute_aliases.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/search_attributes.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

// "Keyword" and two digits, or more.
std::optional<enums::IndexedValueType> TypeOfColumn(std::string_view column) {
  const size_t digits = column.size() - std::min(column.size(), column.find_last_not_of("0123456789") + 1);
  if (digits < 2) return std::nullopt;
  const std::string_view name = column.substr(0, column.size() - digits);
  for (const int number :
       {enums::INDEXED_VALUE_TYPE_TEXT, enums::INDEXED_VALUE_TYPE_KEYWORD, enums::INDEXED_VALUE_TYPE_INT,
        enums::INDEXED_VALUE_TYPE_DOUBLE, enums::INDEXED_VALUE_TYPE_BOOL, enums::INDEXED_VALUE_TYPE_DATETIME,
        enums::INDEXED_VALUE_TYPE_KEYWORD_LIST}) {
    const auto type = static_cast<enums::IndexedValueType>(number);
    if (name == engine::SearchAttributeTypeName(type)) return type;
  }
  return std::nullopt;
}

const std::string* ColumnOf(const std::string& attribute, const NamespaceRecord& record) {
  for (const auto& [column, alias] : record.config().custom_search_attribute_aliases()) {
    if (alias == attribute) return &column;
  }
  return nullptr;
}

absl::Status AddAliased(const std::string& alias, enums::IndexedValueType type, NamespaceRecord& record) {
  if (engine::IsReservedName(alias)) {
    return InvalidArgument(fmt::format("Search attribute {} is reserved by system.", Shown(alias)));
  }
  if (alias.size() > limits::kSearchAttributeName) {
    return InvalidArgument(fmt::format("Search attribute {} is longer than {} bytes.", Shown(alias),
                                       limits::kSearchAttributeName));
  }
  auto& attributes = *record.mutable_search_attributes();
  attributes[alias] = type;
  if (attributes.size() > limits::kCustomSearchAttributes) {
    return InvalidArgument(fmt::format("Unable to create search attributes: cannot have more than {}.",
                                       limits::kCustomSearchAttributes));
  }
  return absl::OkStatus();
}

}  // namespace

void AssignAlias(const std::string& attribute, enums::IndexedValueType type, NamespaceRecord& record) {
  auto& aliases = *record.mutable_config()->mutable_custom_search_attribute_aliases();
  const std::string name(engine::SearchAttributeTypeName(type));
  for (int number = 1;; ++number) {
    const std::string column = fmt::format("{}{:02}", name, number);
    if (aliases.contains(column)) continue;
    aliases[column] = attribute;
    return;
  }
}

void RemoveAlias(const std::string& attribute, NamespaceRecord& record) {
  const std::string* column = ColumnOf(attribute, record);
  if (column == nullptr) return;
  record.mutable_config()->mutable_custom_search_attribute_aliases()->erase(std::string(*column));
}

absl::Status UpsertAliases(const google::protobuf::Map<std::string, std::string>& upsert,
                           NamespaceRecord& record) {
  const NamespaceRecord before = record;
  auto& aliases = *record.mutable_config()->mutable_custom_search_attribute_aliases();
  for (const auto& [column, alias] : std::map<std::string, std::string>(upsert.begin(), upsert.end())) {
    const auto had = before.config().custom_search_attribute_aliases().find(column);
    const bool has = had != before.config().custom_search_attribute_aliases().end();
    if (alias.empty()) {
      if (has) record.mutable_search_attributes()->erase(had->second);
      aliases.erase(column);
      continue;
    }
    if (ColumnOf(alias, before) != nullptr) continue;
    if (has) return InvalidArgument("Custom search attribute field name already allocated.");
    aliases[column] = alias;
    const std::optional<enums::IndexedValueType> type = TypeOfColumn(column);
    if (!type) continue;
    const absl::Status added = AddAliased(alias, *type, record);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

}  // namespace perdure::server
