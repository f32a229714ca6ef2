#include "persistence/postgres/pg_settings.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace perdure::persistence {
namespace {

constexpr char kDurability[] = "synchronous_commit";
constexpr char kStatementTimeout[] = "statement_timeout";
constexpr char kReadOnly[] = "transaction_read_only";

// Our statements are few and fixed, and the tables they touch have one right plan: by their keys. Planning
// them anew, or by statistics of a young table, costs CPU and now and then a scan. Warnings must come
// through: one says that a standby was not awaited.
constexpr std::pair<const char*, const char*> kFixed[] = {
    {"plan_cache_mode", "force_generic_plan"},
    {"enable_seqscan", "off"},
    {"enable_hashjoin", "off"},
    {"enable_mergejoin", "off"},
    {"jit", "off"},
    {kStatementTimeout, "0"},
    {"lock_timeout", "0"},
    {"client_min_messages", "warning"},
    {"work_mem", "32MB"},
};

// Settings of a session, not of a transaction. Keep-alives let the server drop the transaction of a node that
// is gone.
constexpr char kSessionOptions[] =
    "-c default_transaction_isolation=read\\ committed -c idle_in_transaction_session_timeout=0 "
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 ";

// A setting that nobody but a start of ours gives a value.
constexpr char kMarker[] = "perdure.options";
constexpr char kGuard[] = "SELECT 1 / (coalesce(current_setting('perdure.options', true), '') = 'on')::int4";

std::string StartupOption(const std::string& name, const std::string& value) {
  const std::string of_session = name == kReadOnly ? "default_transaction_read_only" : name;
  return absl::StrCat("-c ", of_session, "=", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {" ", "\\ "}}),
                      " ");
}

}  // namespace

absl::StatusOr<PgRoute> FindRoute(PgBlocking& server) {
  // A pooler gives its client a number of its own to cancel by.
  const absl::StatusOr<int> backend = server.Number("SELECT pg_backend_pid()");
  if (!backend.ok()) return backend.status();
  if (*backend == server.backend_pid()) return PgRoute::kDirect;
  // In one transaction, hence on one connection of the pooler's. Where the server knows the statement by the
  // name that was given here, the pooler passes names on without looking.
  absl::Status status = server.Run("BEGIN");
  status.Update(server.Prepare("perdure_probe", "SELECT 1"));
  if (!status.ok()) return status;
  const absl::StatusOr<int> known =
      server.Number("SELECT count(*) FROM pg_prepared_statements WHERE name = 'perdure_probe'");
  if (!known.ok()) return known.status();
  if (*known != 0) status.Update(server.Run("DEALLOCATE perdure_probe"));
  status.Update(server.Run("ROLLBACK"));
  if (!status.ok()) return status;
  return *known == 0 ? PgRoute::kPoolerWithNames : PgRoute::kPooler;
}

absl::StatusOr<PgSettings> FindSettings(PgBlocking& server, PgRoute route, bool read_only) {
  PgSettings settings;
  settings.connection_options = server.options();
  for (const auto& [name, value] : kFixed) settings.values.emplace_back(name, value);
  // Payloads are mostly text: lz4 where the server was built with it.
  if (server.Run("SELECT set_config('default_toast_compression', 'lz4', true)").ok()) {
    settings.values.emplace_back("default_toast_compression", "lz4");
  }
  if (read_only) settings.values.emplace_back(kReadOnly, "on");
  const absl::StatusOr<std::string> durability = server.Text("SHOW synchronous_commit");
  if (!durability.ok()) return durability.status();
  settings.values.emplace_back(kDurability, *durability == "off" ? "on" : *durability);
  if (route == PgRoute::kDirect) return settings;
  const absl::StatusOr<std::string> isolation = server.Text("SHOW default_transaction_isolation");
  if (!isolation.ok()) return isolation.status();
  if (*isolation == "read committed") return settings;
  return absl::FailedPreconditionError(
      absl::StrCat("the role's default isolation is ", *isolation,
                   ", which cannot be changed behind a pooler: run ALTER ROLE ... SET "
                   "default_transaction_isolation = 'read committed'"));
}

PgSettings WithStatementTimeout(PgSettings settings, absl::Duration limit) {
  for (auto& [name, value] : settings.values) {
    if (name == kStatementTimeout) value = absl::StrCat(absl::ToInt64Milliseconds(limit));
  }
  return settings;
}

PgCarriage CarriageOf(const PgSettings& settings, PgRoute route) {
  PgCarriage carriage;
  if (route == PgRoute::kDirect) {
    // Of two options of one name the last one counts: the connection string's win, but for durability.
    std::string last;
    carriage.startup = kSessionOptions;
    for (const auto& [name, value] : settings.values) {
      (name == kDurability ? last : carriage.startup) += StartupOption(name, value);
    }
    absl::StrAppend(&carriage.startup, settings.connection_options, " ", last, StartupOption(kMarker, "on"));
    carriage.guard.push_back({"", kGuard, {}});
    return carriage;
  }
  PgStatement statement{"settings", "SELECT", {}};
  const char* separator = " ";
  for (const auto& [name, value] : settings.values) {
    absl::StrAppend(&statement.sql, separator, "set_config('", name, "', '", value, "', true)");
    separator = ", ";
  }
  carriage.prologue.push_back(std::move(statement));
  return carriage;
}

}  // namespace perdure::persistence
