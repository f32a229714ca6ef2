#include "persistence/postgres/postgres_store.h"

#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "persistence/postgres/pg_blocking.h"
#include "persistence/postgres/pg_session.h"
#include "persistence/postgres/postgres_migrate.h"

namespace perdure::persistence {
namespace {

class PostgresStore final : public Store {
 public:
  PostgresStore(const PostgresOptions& options, std::string settings)
      : shared_(PgConnection::Options{options.target, !options.through_pgbouncer, std::move(settings)}) {
    shared_.read_connections = std::max<size_t>(1, options.read_connections);
    shared_.blocked_fence_limit = options.blocked_fence_limit;
    shared_.observer = options.observer;
  }

  ~PostgresStore() override {
    // Connections end on the loop, where they live; the sessions' were posted there before.
    std::promise<void> ended;
    shared_.loop.Post([&] {
      shared_.readers.clear();
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

// What this server wants set beside the store's fixed settings.
std::string SettingsFor(PgBlocking& server) {
  std::string settings;
  // Payloads are mostly text: lz4 where the server was built with it.
  if (server.Run("SET default_toast_compression = lz4").ok()) {
    absl::StrAppend(&settings, "-c default_toast_compression=lz4 ");
  }
  // What is acknowledged is durable, whatever the database's default says.
  const absl::StatusOr<std::string> durable = server.Text("SHOW synchronous_commit");
  if (durable.ok() && *durable == "off") absl::StrAppend(&settings, "-c synchronous_commit=on ");
  return settings + server.options();
}

absl::Status CheckWritable(PgBlocking& server) {
  const absl::StatusOr<std::string> read_only = server.Text("SHOW transaction_read_only");
  if (!read_only.ok()) return read_only.status();
  if (*read_only == "off") return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the database is read-only: connect to the primary, or set its default_transaction_read_only to off");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenPostgresStore(const PostgresOptions& options) {
  absl::StatusOr<PgBlocking> server = PgBlocking::Connect(options.target);
  if (!server.ok()) return server.status();
  const absl::StatusOr<SchemaVersion> version = PostgresSchemaVersion(*server);
  if (!version.ok()) return version.status();
  if (absl::Status status = CheckSchema(*version, "perdure migrate"); !status.ok()) return status;
  std::string settings = SettingsFor(*server);
  if (options.read_only) {
    absl::StrAppend(&settings, " -c default_transaction_read_only=on");
  } else if (absl::Status status = CheckWritable(*server); !status.ok()) {
    return status;
  }
  return std::make_unique<PostgresStore>(options, std::move(settings));
}

}  // namespace perdure::persistence
