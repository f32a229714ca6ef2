// Which store a server works on, and how it is opened.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "persistence/postgres/pg_target.h"
#include "persistence/store.h"

namespace perdure::server {

struct MemoryChoice {};
struct SqliteChoice {
  std::string path;
  bool survive_power_loss = true;
  std::vector<std::pair<std::string, std::string>> pragmas;
};
struct PostgresChoice {
  persistence::PgTarget target;
  bool through_pgbouncer = false;
  int read_connections = 2;
  int list_connections = 2;
};
using StoreChoice = std::variant<MemoryChoice, SqliteChoice, PostgresChoice>;

// As GetClusterInfo names it.
std::string StoreName(const StoreChoice& choice);

// How many lists and counts run at a time: half of them, and at least one, of one namespace.
size_t ListConnections(const StoreChoice& choice);

// Only one process can have it open: no lease is needed.
bool IsExclusive(const StoreChoice& choice);

// The error says in one line what to do. `observer` outlives the store.
absl::StatusOr<std::unique_ptr<persistence::Store>> OpenStore(const StoreChoice& choice,
                                                              persistence::StoreObserver& observer);
// To look at it only, also while a server works on it.
absl::StatusOr<std::unique_ptr<persistence::Store>> OpenStoreReadOnly(const StoreChoice& choice);

// An error of a store's, with what to do about it; one that already says so keeps its words.
absl::Status Advise(const StoreChoice& choice, const absl::Status& status);

}  // namespace perdure::server
