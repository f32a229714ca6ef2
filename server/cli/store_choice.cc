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

persistence::PostgresOptions OptionsOf(const PostgresChoice& choice) {
  persistence::PostgresOptions options;
  options.target = choice.target;
  options.through_pgbouncer = choice.through_pgbouncer;
  options.read_connections = choice.read_connections;
  options.list_connections = choice.list_connections;
  return options;
}

Opened Advised(const StoreChoice& choice, Opened opened) {
  if (opened.ok()) return opened;
  return Advise(choice, opened.status());
}

}  // namespace

std::string StoreName(const StoreChoice& choice) {
  return std::visit(
      Overloaded{[](const MemoryChoice&) { return "memory"; }, [](const SqliteChoice&) { return "sqlite"; },
                 [](const PostgresChoice&) { return "postgres12"; }},
      choice);
}

size_t ListConnections(const StoreChoice& choice) {
  const auto* postgres = std::get_if<PostgresChoice>(&choice);
  return postgres == nullptr ? 1 : static_cast<size_t>(postgres->list_connections);
}

bool IsExclusive(const StoreChoice& choice) { return !std::holds_alternative<PostgresChoice>(choice); }

absl::Status Advise(const StoreChoice& choice, const absl::Status& status) {
  if (absl::IsFailedPrecondition(status)) return status;
  const std::string_view advice = std::holds_alternative<PostgresChoice>(choice)
                                      ? "check address, user and password in store.postgres"
                                      : "name a file that can be written, in a folder that can be too";
  return absl::Status(status.code(),
                      fmt::format("cannot open the store: {}; {}", std::string(status.message()), advice));
}

Opened OpenStore(const StoreChoice& choice, persistence::StoreObserver& observer) {
  return Advised(choice, std::visit(Overloaded{[&](const MemoryChoice&) -> Opened {
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
                                                 persistence::PostgresOptions options = OptionsOf(postgres);
                                                 options.observer = &observer;
                                                 return persistence::OpenPostgresStore(options);
                                               }},
                                    choice));
}

Opened OpenStoreReadOnly(const StoreChoice& choice) {
  return Advised(choice,
                 std::visit(Overloaded{[](const MemoryChoice&) -> Opened {
                                         return absl::FailedPreconditionError(
                                             "no store to look at: set store.postgres or store.sqlite");
                                       },
                                       [](const SqliteChoice& sqlite) -> Opened {
                                         return persistence::OpenSqliteStoreReadOnly(sqlite.path);
                                       },
                                       [](const PostgresChoice& postgres) -> Opened {
                                         persistence::PostgresOptions options = OptionsOf(postgres);
                                         options.read_only = true;
                                         return persistence::OpenPostgresStore(options);
                                       }},
                            choice));
}

}  // namespace perdure::server
