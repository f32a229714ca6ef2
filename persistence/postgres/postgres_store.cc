#include "persistence/postgres/postgres_store.h"

#include <future>
#include <utility>

#include "persistence/postgres/pg_session.h"
#include "persistence/postgres/postgres_migrate.h"

namespace perdure::persistence {
namespace {

class PostgresStore final : public Store {
 public:
  explicit PostgresStore(const PostgresOptions& options)
      : shared_(PgConnection::Options{options.connection, !options.through_pgbouncer}) {
    shared_.read_connections = std::max<size_t>(1, options.read_connections);
    shared_.observer = options.observer;
  }

  ~PostgresStore() override {
    // Connections end on the loop, where they live; the sessions' were posted there before.
    std::promise<void> ended;
    shared_.loop.Post([&] {
      shared_.readers.clear();
      ended.set_value();
    });
    ended.get_future().wait();
  }

  std::unique_ptr<Session> OpenSession(Executor& home) override {
    return std::make_unique<PgSession>(shared_, home);
  }

 private:
  PgShared shared_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenPostgresStore(PostgresOptions options) {
  const absl::StatusOr<SchemaVersion> version = PostgresSchemaVersion(options.connection);
  if (!version.ok()) return version.status();
  if (absl::Status status = CheckSchema(*version, "perdure migrate"); !status.ok()) return status;
  return std::make_unique<PostgresStore>(options);
}

}  // namespace perdure::persistence
