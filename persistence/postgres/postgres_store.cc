#include "persistence/postgres/postgres_store.h"

#include <future>
#include <utility>

#include "persistence/postgres/pg_blocking.h"
#include "persistence/postgres/pg_session.h"
#include "persistence/postgres/pg_settings.h"
#include "persistence/postgres/postgres_migrate.h"

namespace perdure::persistence {
namespace {

PgConnection::Options ConnectionOptions(const PostgresOptions& options, PgRoute route,
                                        const PgSettings& settings) {
  PgCarriage carriage = CarriageOf(settings, route);
  return {options.target,
          route != PgRoute::kPooler,
          std::move(carriage.startup),
          std::move(carriage.guard),
          std::move(carriage.prologue),
          options.observer};
}

class PostgresStore final : public Store {
 public:
  PostgresStore(const PostgresOptions& options, PgRoute route, const PgSettings& settings)
      : shared_(ConnectionOptions(options, route, settings),
                ConnectionOptions(options, route, WithStatementTimeout(settings, options.list_time_limit))) {
    shared_.read_connections = std::max<size_t>(1, options.read_connections);
    shared_.list_connections = std::max<size_t>(1, options.list_connections);
    shared_.list_time_limit = options.list_time_limit;
    shared_.blocked_fence_limit = options.blocked_fence_limit;
    shared_.silence_limit = options.silence_limit;
    shared_.observer = options.observer;
  }

  ~PostgresStore() override {
    // Connections end on the loop, where they live; the sessions' were posted there before.
    std::promise<void> ended;
    shared_.loop.Post([&] {
      shared_.readers.clear();
      shared_.listers.clear();
      shared_.control.reset();
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

absl::Status CheckWritable(PgBlocking& server) {
  const absl::StatusOr<std::string> read_only = server.Text("SHOW transaction_read_only");
  if (!read_only.ok()) return read_only.status();
  if (*read_only == "off") return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the database is read-only: connect to the primary, or set its default_transaction_read_only to off");
}

absl::StatusOr<PgRoute> RouteOf(const PostgresOptions& options, PgBlocking& server) {
  if (options.through_pgbouncer) return PgRoute::kPooler;
  absl::StatusOr<PgRoute> found = FindRoute(server);
  if (!found.ok() || *found != PgRoute::kPooler) return found;
  return absl::FailedPreconditionError(
      "the connection goes through a pooler that does not keep the names of statements (PgBouncer below "
      "1.21, "
      "or one whose max_prepared_statements is 0): set store.pgbouncer to true");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenPostgresStore(const PostgresOptions& options) {
  absl::StatusOr<PgBlocking> server = PgBlocking::Connect(options.target);
  if (!server.ok()) return server.status();
  const absl::StatusOr<SchemaVersion> version = PostgresSchemaVersion(*server);
  if (!version.ok()) return version.status();
  if (absl::Status status = CheckSchema(*version, "perdure migrate"); !status.ok()) return status;
  if (absl::Status status = CheckPostgresKeys(*server); !status.ok()) return status;
  if (!options.read_only) {
    if (absl::Status status = CheckWritable(*server); !status.ok()) return status;
  }
  const absl::StatusOr<PgRoute> route = RouteOf(options, *server);
  if (!route.ok()) return route.status();
  const absl::StatusOr<PgSettings> settings = FindSettings(*server, *route, options.read_only);
  if (!settings.ok()) return settings.status();
  return std::make_unique<PostgresStore>(options, *route, *settings);
}

}  // namespace perdure::persistence
