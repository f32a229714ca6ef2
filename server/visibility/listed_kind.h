// What the columns of the store are called in lists and filters, for each kind of entity: the lists' part of
// a kind's line in the registry. Constant tables; safe anywhere. Rule: what the real server's lists of that
// kind take (its ListWorkflowExecutions and ListActivityExecutions).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/ids.h"
#include "persistence/visibility_query.h"
#include "temporal/api/enums/v1/common.pb.h"

namespace perdure::server {

// How a filter that names the attribute is answered.
enum class Searched {
  kColumn,   // by a column
  kNever,    // no run has it: what would give it one is not built, or no run of the kind can have it
  kEmpty,    // every run has the empty text
  kEntries,  // by the entries of a row, as custom attributes are
  kNotYet,   // not at all: its values are kept, but not searched
};

// An attribute that filters name; in the tables of kinds, one that is not custom.
struct SystemAttribute {
  std::string_view name;
  temporal::api::enums::v1::IndexedValueType type;
  Searched searched;
  persistence::Column column{};  // of kColumn
};

struct ListedKind {
  // How a filter compares ExecutionStatus.
  enum class StatusBy {
    kNumber,  // a value is a name (of the API's enum too) or number, and prefixes are refused
    kName,    // a value is any text: the names are compared with it
  };
  KindNumber kind = 0;
  std::span<const SystemAttribute> attributes;     // those that are not custom; by name
  std::span<const std::string_view> status_names;  // by status number; [0] is empty
  StatusBy status_by = StatusBy::kNumber;
};

// The status of an open run, of every kind.
inline constexpr int64_t kRunning = 1;

const ListedKind& ListedWorkflows();
const ListedKind& ListedActivities();  // those that are no workflow's

// How filters and groups write a status: "Running". Empty for one that is unknown.
std::string_view StatusName(const ListedKind& kind, int64_t status);

}  // namespace perdure::server
