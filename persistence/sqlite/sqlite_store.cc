#include "persistence/sqlite/sqlite_store.h"

#include <atomic>
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

using Connection = std::unique_ptr<SqliteConnection>;
struct Connections {
  Connection writing;
  Connection reading;
  Connection listing;
};

// What the sessions of a store share: each of writer, reader and lister is touched on its own thread.
struct SqliteThreads {
  SqliteThreads(Connections connections, absl::Duration list_time_limit)
      : writer(std::move(connections.writing)),
        reader(std::move(connections.reading)),
        lister(std::move(connections.listing)),
        list_bound{listing, list_time_limit, ending} {}
  ~SqliteThreads() { ending = true; }
  SqliteThreads(const SqliteThreads&) = delete;
  SqliteThreads& operator=(const SqliteThreads&) = delete;

  std::atomic<bool> ending = false;  // a list that runs stops
  SqliteWriter writer;
  SqliteReader reader;
  SqliteReader lister;
  // The threads end before what they use.
  EventLoop writing{"sqlite-write"};
  EventLoop reading{"sqlite-read"};
  EventLoop listing{"sqlite-list"};
  const SqliteReader::Bound list_bound;
};

class SqliteSession final : public Session {
 public:
  SqliteSession(Executor& home, StoreObserver* observer, SqliteThreads& threads)
      : threads_(threads), mailbox_(std::make_shared<Mailbox>(home, observer)) {}

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
    threads_.writing.Post(
        [&writer = threads_.writer, batch = std::move(batch), reply = std::move(reply)]() mutable {
          std::move(reply).Send(writer.Commit(batch));
        });
  }

  void LoadRuns(LoadQuery query, Callback<std::vector<StoredRun>> done) override {
    Read("LoadRuns", std::move(done),
         [query = std::move(query)](SqliteReader& reader) { return reader.LoadRuns(query); });
  }

  void FindCurrentRuns(std::vector<EntityKey> keys,
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
    List("ListExecutions", std::move(done), [query = std::move(query)](SqliteThreads& threads) {
      return threads.lister.ListExecutions(query, threads.list_bound);
    });
  }

  void CountExecutions(VisibilityQuery query, Callback<std::vector<CountGroup>> done) override {
    List("CountExecutions", std::move(done), [query = std::move(query)](SqliteThreads& threads) {
      return threads.lister.CountExecutions(query, threads.list_bound);
    });
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

  void RemoveNamespace(const Uuid& id, int64_t expected_version, Callback<bool> done) override {
    Write("RemoveNamespace", std::move(done),
          [=](SqliteWriter& writer) { return writer.RemoveNamespace(id, expected_version); });
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
    threads_.writing.Post([&writer = threads_.writer, operation = std::move(operation),
                           reply = std::move(reply)]() mutable { std::move(reply).Send(operation(writer)); });
  }
  template <typename T, typename Operation>
  void Read(std::string_view name, Callback<T> done, Operation operation) {
    auto reply = mailbox_->Expect<absl::StatusOr<T>>(name, std::move(done));
    threads_.reading.Post([&reader = threads_.reader, operation = std::move(operation),
                           reply = std::move(reply)]() mutable { std::move(reply).Send(operation(reader)); });
  }
  template <typename T, typename Operation>
  void List(std::string_view name, Callback<T> done, Operation operation) {
    auto reply = mailbox_->Expect<absl::StatusOr<T>>(name, std::move(done));
    threads_.listing.Post(
        [&threads = threads_, operation = std::move(operation), reply = std::move(reply)]() mutable {
          std::move(reply).Send(operation(threads));
        });
  }

  SqliteThreads& threads_;
  std::optional<Tenure> tenure_;
  const std::shared_ptr<Mailbox> mailbox_;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(std::optional<FileLock> lock, Connections connections, absl::Duration list_time_limit,
              StoreObserver* observer)
      : lock_(std::move(lock)), observer_(observer), threads_(std::move(connections), list_time_limit) {}

  std::unique_ptr<Session> OpenSession(Executor& home) override {
    return std::make_unique<SqliteSession>(home, observer_, threads_);
  }

 private:
  std::optional<FileLock> lock_;  // released last; none of a store that is only read
  StoreObserver* const observer_;
  SqliteThreads threads_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(SqliteStoreOptions options) {
  absl::StatusOr<FileLock> lock = FileLock::Take(options.path + "-lock");
  if (!lock.ok()) return lock.status();
  SqliteConnection::Pragmas pragmas = {{"journal_mode", "WAL"},
                                       {"synchronous", options.survive_power_loss ? "FULL" : "NORMAL"},
                                       {"wal_autocheckpoint", kCheckpointPages}};
  pragmas.insert(pragmas.end(), options.pragmas.begin(), options.pragmas.end());
  absl::StatusOr<Connection> writing = SqliteConnection::Open(options.path, pragmas);
  if (!writing.ok()) return writing.status();
  const absl::StatusOr<int> applied = MigrateSqlite(**writing, [&](const Migration& migration) {
    if (options.logger) options.logger->info("SQLite schema: applying {}", migration.name);
  });
  if (!applied.ok()) return applied.status();
  absl::StatusOr<Connection> reading = SqliteConnection::Open(options.path, pragmas);
  if (!reading.ok()) return reading.status();
  absl::StatusOr<Connection> listing = SqliteConnection::Open(options.path, pragmas);
  if (!listing.ok()) return listing.status();
  return std::make_unique<SqliteStore>(
      *std::move(lock), Connections{*std::move(writing), *std::move(reading), *std::move(listing)},
      options.list_time_limit, options.observer);
}

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStoreReadOnly(const std::string& path) {
  const absl::StatusOr<SchemaVersion> version = SqliteFileSchemaVersion(path);
  if (!version.ok()) return version.status();
  if (absl::Status status = CheckSchema(*version, "perdure serve"); !status.ok()) return status;
  Connections connections;
  for (Connection* connection : {&connections.writing, &connections.reading, &connections.listing}) {
    absl::StatusOr<Connection> opened = SqliteConnection::Open(path, {}, SqliteConnection::Mode::kReadOnly);
    if (!opened.ok()) return opened.status();
    *connection = *std::move(opened);
  }
  return std::make_unique<SqliteStore>(std::nullopt, std::move(connections), limits::kListTime, nullptr);
}

absl::StatusOr<SchemaVersion> SqliteFileSchemaVersion(const std::string& path) {
  absl::StatusOr<std::unique_ptr<SqliteConnection>> connection =
      SqliteConnection::Open(path, {}, SqliteConnection::Mode::kReadOnly);
  if (!connection.ok()) return connection.status();
  return SqliteSchemaVersion(**connection);
}

}  // namespace perdure::persistence
