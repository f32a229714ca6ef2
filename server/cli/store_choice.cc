#include "server/cli/store_choice.h"

#include <fmt/format.h>

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

using Opened = absl::StatusOr<std::unique_ptr<persistence::Store>>;

// An error that already says what to do keeps its words.
Opened Advise(Opened opened, std::string_view advice) {
  if (opened.ok() || absl::IsFailedPrecondition(opened.status())) return opened;
  return absl::Status(opened.status().code(), fmt::format("cannot open the store: {}; {}",
                                                          std::string(opened.status().message()), advice));
}

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
                                 return Advise(persistence::OpenSqliteStore(std::move(options)),
                                               "name a file in a folder that exists and can be written");
                               },
                               [&](const PostgresChoice& postgres) -> Opened {
                                 persistence::PostgresOptions options;
                                 options.connection = postgres.connection;
                                 options.through_pgbouncer = postgres.through_pgbouncer;
                                 options.read_connections = postgres.read_connections;
                                 options.observer = &observer;
                                 return Advise(persistence::OpenPostgresStore(options),
                                               "check address, user and password in store.postgres");
                               }},
                    choice);
}

}  // namespace perdure::server
