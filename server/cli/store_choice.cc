#include "server/cli/store_choice.h"

#include "persistence/memory/memory_store.h"
#include "persistence/postgres/postgres_store.h"
#include "persistence/sqlite/sqlite_store.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace

std::string StoreName(const StoreChoice& choice) {
  return std::visit(
      Overloaded{[](const MemoryChoice&) { return "memory"; }, [](const SqliteChoice&) { return "sqlite"; },
                 [](const PostgresChoice&) { return "postgres12"; }},
      choice);
}

bool IsExclusive(const StoreChoice& choice) { return !std::holds_alternative<PostgresChoice>(choice); }

absl::StatusOr<std::unique_ptr<persistence::Store>> OpenStore(const StoreChoice& choice,
                                                              persistence::StoreObserver& observer) {
  using Opened = absl::StatusOr<std::unique_ptr<persistence::Store>>;
  return std::visit(Overloaded{[&](const MemoryChoice&) -> Opened {
                                 persistence::MemoryStoreOptions options;
                                 options.observer = &observer;
                                 return persistence::NewMemoryStore(std::move(options));
                               },
                               [&](const SqliteChoice& sqlite) -> Opened {
                                 persistence::SqliteStoreOptions options;
                                 options.path = sqlite.path;
                                 options.survive_power_loss = sqlite.survive_power_loss;
                                 options.pragmas = sqlite.pragmas;
                                 options.observer = &observer;
                                 options.logger = spdlog::default_logger();
                                 return persistence::OpenSqliteStore(std::move(options));
                               },
                               [&](const PostgresChoice& postgres) -> Opened {
                                 persistence::PostgresOptions options;
                                 options.connection = postgres.connection;
                                 options.through_pgbouncer = postgres.through_pgbouncer;
                                 options.read_connections = postgres.read_connections;
                                 options.observer = &observer;
                                 return persistence::OpenPostgresStore(std::move(options));
                               }},
                    choice);
}

}  // namespace perdure::server
