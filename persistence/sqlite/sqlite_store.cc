#include "persistence/sqlite/sqlite_store.h"

#include <optional>

#include "base/event_loop.h"
#include "persistence/mailbox.h"
#include "persistence/sqlite/file_lock.h"
#include "persistence/sqlite/reader.h"
#include "persistence/sqlite/sqlite_migrate.h"
#include "persistence/sqlite/writer.h"

namespace perdure::persistence {
namespace {

// A checkpoint writes a page once, however often it changed since the last one: fewer of them write less.
constexpr char kCheckpointPages[] = "4000";

class SqliteSession final : public Session {
 public:
  SqliteSession(Executor& home, StoreObserver* observer, SqliteWriter& writer, EventLoop& writing,
                SqliteReader& reader, EventLoop& reading)
      : writer_(writer),
        writing_(writing),
        reader_(reader),
        reading_(reading),
        mailbox_(std::make_shared<Mailbox>(home, observer)) {}

  ~SqliteSession() override { mailbox_->Close(); }

  void Fence(uint32_t writer_id, Callback<FencedWriter> done) override {
    Write("Fence", std::move(done),
          [=, tenure = tenure_](SqliteWriter& writer) { return writer.Fence(writer_id, tenure); });
  }

  void ActFor(const std::optional<Tenure>& tenure) override { tenure_ = tenure; }
  void OnDisconnect(absl::AnyInvocable<void()> /*lost*/) override {}

  void AskWriter(uint32_t writer_id, Callback<FencedWriter> done) override {
    Write("AskWriter", std::move(done), [=](SqliteWriter& writer) { return writer.AskWriter(writer_id); });
  }

  void TakeShards(const Writer& owner, std::vector<ShardId> shards, Callback<bool> done) override {
    Write("TakeShards", std::move(done),
          [owner, shards = std::move(shards), tenure = tenure_](SqliteWriter& writer) {
            return writer.TakeShards(owner, shards, tenure);
          });
  }

  void Commit(Batch batch, absl::AnyInvocable<void(CommitResult) &&> done) override {
    auto reply = mailbox_->Expect<CommitResult>("Commit", std::move(done));
    writing_.Post([&writer = writer_, batch = std::move(batch), reply = std::move(reply)]() mutable {
      std::move(reply).Send(writer.Commit(batch));
    });
  }

  void LoadRuns(LoadQuery query, Callback<std::vector<StoredRun>> done) override {
    Read("LoadRuns", std::move(done),
         [query = std::move(query)](SqliteReader& reader) { return reader.LoadRuns(query); });
  }

  void FindCurrentRuns(std::vector<WorkflowKey> keys,
                       Callback<std::vector<std::optional<Uuid>>> done) override {
    Read("FindCurrentRuns", std::move(done),
         [keys = std::move(keys)](SqliteReader& reader) { return reader.FindCurrentRuns(keys); });
  }

  void ReadHistory(HistoryQuery query, Callback<std::vector<HistoryRow>> done) override {
    Read("ReadHistory", std::move(done), [query](SqliteReader& reader) { return reader.ReadHistory(query); });
  }

  void ReadWakes(WakeQuery query, Callback<std::vector<WakeRow>> done) override {
    Read("ReadWakes", std::move(done), [query](SqliteReader& reader) { return reader.ReadWakes(query); });
  }

  void ListExecutions(VisibilityQuery query, Callback<VisibilityPage> done) override {
    Read("ListExecutions", std::move(done),
         [query = std::move(query)](SqliteReader& reader) { return reader.ListExecutions(query); });
  }

  void CountExecutions(VisibilityQuery query, Callback<std::vector<CountGroup>> done) override {
    Read("CountExecutions", std::move(done),
         [query = std::move(query)](SqliteReader& reader) { return reader.CountExecutions(query); });
  }

  void RenewLease(const NodeRow& node, absl::Duration duration, Callback<LeaseAnswer> done) override {
    Write("RenewLease", std::move(done),
          [=](SqliteWriter& writer) { return writer.RenewLease(node, duration); });
  }

  void EndLease(const Uuid& incarnation, Callback<bool> done) override {
    Write("EndLease", std::move(done), [=](SqliteWriter& writer) { return writer.EndLease(incarnation); });
  }

  void PutNamespace(NamespaceRow row, int64_t expected_version, Callback<bool> done) override {
    Write("PutNamespace", std::move(done), [row = std::move(row), expected_version](SqliteWriter& writer) {
      return writer.PutNamespace(row, expected_version);
    });
  }

  void ListNamespaces(Callback<std::vector<NamespaceRow>> done) override {
    Read("ListNamespaces", std::move(done), [](SqliteReader& reader) { return reader.ListNamespaces(); });
  }

  void ClusterId(const Uuid& candidate, Callback<Uuid> done) override {
    Write("ClusterId", std::move(done), [=](SqliteWriter& writer) { return writer.ClusterId(candidate); });
  }

 private:
  template <typename T, typename Operation>
  void Write(std::string_view name, Callback<T> done, Operation operation) {
    auto reply = mailbox_->Expect<absl::StatusOr<T>>(name, std::move(done));
    writing_.Post([&writer = writer_, operation = std::move(operation), reply = std::move(reply)]() mutable {
      std::move(reply).Send(operation(writer));
    });
  }
  template <typename T, typename Operation>
  void Read(std::string_view name, Callback<T> done, Operation operation) {
    auto reply = mailbox_->Expect<absl::StatusOr<T>>(name, std::move(done));
    reading_.Post([&reader = reader_, operation = std::move(operation), reply = std::move(reply)]() mutable {
      std::move(reply).Send(operation(reader));
    });
  }

  SqliteWriter& writer_;
  EventLoop& writing_;
  SqliteReader& reader_;
  EventLoop& reading_;
  std::optional<Tenure> tenure_;
  const std::shared_ptr<Mailbox> mailbox_;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(std::optional<FileLock> lock, std::unique_ptr<SqliteConnection> writing,
              std::unique_ptr<SqliteConnection> reading, StoreObserver* observer)
      : lock_(std::move(lock)),
        observer_(observer),
        writer_(std::move(writing)),
        reader_(std::move(reading)),
        writer_loop_("sqlite-write"),
        reader_loop_("sqlite-read") {}

  std::unique_ptr<Session> OpenSession(Executor& home) override {
    return std::make_unique<SqliteSession>(home, observer_, writer_, writer_loop_, reader_, reader_loop_);
  }

 private:
  std::optional<FileLock> lock_;  // released last; none of a store that is only read
  StoreObserver* const observer_;
  SqliteWriter writer_;
  SqliteReader reader_;
  // The threads end before what they use.
  EventLoop writer_loop_;
  EventLoop reader_loop_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(SqliteStoreOptions options) {
  absl::StatusOr<FileLock> lock = FileLock::Take(options.path + "-lock");
  if (!lock.ok()) return lock.status();
  SqliteConnection::Pragmas pragmas = {{"journal_mode", "WAL"},
                                       {"synchronous", options.survive_power_loss ? "FULL" : "NORMAL"},
                                       {"wal_autocheckpoint", kCheckpointPages}};
  pragmas.insert(pragmas.end(), options.pragmas.begin(), options.pragmas.end());
  absl::StatusOr<std::unique_ptr<SqliteConnection>> writing = SqliteConnection::Open(options.path, pragmas);
  if (!writing.ok()) return writing.status();
  const absl::StatusOr<int> applied = MigrateSqlite(**writing, [&](const Migration& migration) {
    if (options.logger) options.logger->info("SQLite schema: applying {}", migration.name);
  });
  if (!applied.ok()) return applied.status();
  absl::StatusOr<std::unique_ptr<SqliteConnection>> reading = SqliteConnection::Open(options.path, pragmas);
  if (!reading.ok()) return reading.status();
  return std::make_unique<SqliteStore>(*std::move(lock), *std::move(writing), *std::move(reading),
                                       options.observer);
}

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStoreReadOnly(const std::string& path) {
  const absl::StatusOr<SchemaVersion> version = SqliteFileSchemaVersion(path);
  if (!version.ok()) return version.status();
  if (absl::Status status = CheckSchema(*version, "perdure serve"); !status.ok()) return status;
  using Mode = SqliteConnection::Mode;
  absl::StatusOr<std::unique_ptr<SqliteConnection>> writing =
      SqliteConnection::Open(path, {}, Mode::kReadOnly);
  if (!writing.ok()) return writing.status();
  absl::StatusOr<std::unique_ptr<SqliteConnection>> reading =
      SqliteConnection::Open(path, {}, Mode::kReadOnly);
  if (!reading.ok()) return reading.status();
  return std::make_unique<SqliteStore>(std::nullopt, *std::move(writing), *std::move(reading), nullptr);
}

absl::StatusOr<SchemaVersion> SqliteFileSchemaVersion(const std::string& path) {
  absl::StatusOr<std::unique_ptr<SqliteConnection>> connection =
      SqliteConnection::Open(path, {}, SqliteConnection::Mode::kReadOnly);
  if (!connection.ok()) return connection.status();
  return SqliteSchemaVersion(**connection);
}

}  // namespace perdure::persistence
