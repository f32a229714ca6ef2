// List filters come from clients: whatever one says, it is read or refused, and what was read can be asked of
// a store.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "engine/search_values.h"
#include "persistence/visibility_match.h"
#include "persistence/visibility_sql.h"
#include "server/visibility/list_filter.h"

namespace {

namespace enums = temporal::api::enums::v1;

// One of each type, with a name of a letter.
const perdure::engine::SearchAttributeTypes& Custom() {
  static const auto& types = *new perdure::engine::SearchAttributeTypes{
      {"T", enums::INDEXED_VALUE_TYPE_TEXT},        {"K", enums::INDEXED_VALUE_TYPE_KEYWORD},
      {"I", enums::INDEXED_VALUE_TYPE_INT},         {"D", enums::INDEXED_VALUE_TYPE_DOUBLE},
      {"B", enums::INDEXED_VALUE_TYPE_BOOL},        {"M", enums::INDEXED_VALUE_TYPE_DATETIME},
      {"L", enums::INDEXED_VALUE_TYPE_KEYWORD_LIST}};
  return types;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace persistence = perdure::persistence;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto filter = perdure::server::ParseListFilter(text, Custom());
  if (!filter.ok()) {
    const auto code = filter.status().code();
    PERDURE_CHECK(code == absl::StatusCode::kInvalidArgument || code == absl::StatusCode::kUnimplemented,
                  "a filter is refused with another code");
    return 0;
  }
  persistence::VisibilityQuery query = perdure::server::ToQuery(perdure::Uuid{}, *std::move(filter));
  query.page_size = 1;
  PERDURE_CHECK(persistence::ListStatement(query, '$').parameters.size() >= 2, "a parameter is missing");
  persistence::CountStatement(query, '?');
  persistence::ExecutionRow row;
  row.id = "order";
  row.entries = {perdure::engine::SearchEntryPrefix("K", enums::INDEXED_VALUE_TYPE_KEYWORD) + "red"};
  const persistence::RunKey key{perdure::ShardOf(perdure::Uuid{}, row.id), perdure::Uuid{}};
  // What holds of a row does not depend on which shards are read.
  const bool matches = persistence::Matches(key, row, query.filter);
  PERDURE_CHECK(persistence::Matches(key, row, query) == matches, "the filter reads the wrong shard");
  return 0;
}
