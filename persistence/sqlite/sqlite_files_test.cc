// What a file can do to an SQLite store: another process, a full disk, no rights, garbage, a crash.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>

#include "persistence/contract/harness.h"
#include "persistence/sqlite/connection.h"
#include "persistence/sqlite/sqlite_migrate.h"
#include "persistence/sqlite/sqlite_store.h"
#include "persistence/sqlite/testing/temporary_folder.h"

namespace perdure::persistence {
namespace {

using contract::FirstWrite;
using contract::NewRunKey;
using contract::NewUuid;
using contract::TestSession;
using contract::TestWriter;

absl::StatusOr<std::unique_ptr<Store>> Open(const std::filesystem::path& path,
                                            SqliteConnection::Pragmas pragmas = {}) {
  SqliteStoreOptions options;
  options.path = path;
  options.pragmas = std::move(pragmas);
  return OpenSqliteStore(std::move(options));
}

bool Contains(const absl::Status& status, const std::string& text) {
  return std::string(status.message()).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("sqlite: a file that is served already is refused, with the process that serves it") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store.db";
  const auto first = Open(path);
  REQUIRE(first.ok());
  const auto second = Open(path);
  CHECK(absl::IsFailedPrecondition(second.status()));
  CHECK(Contains(second.status(), std::to_string(getpid())));
}

namespace {

// A count that compares each row with 500 prefixes.
VisibilityQuery SlowCount(const Uuid& space) {
  std::vector<Filter> any;
  for (int i = 0; i < 500; ++i) {
    any.push_back(Filter::Of({Column::kId, Comparison::kStartsWith, "nobody" + std::to_string(i)}));
  }
  VisibilityQuery query;
  query.namespace_id = space;
  query.filter = Filter::Any(std::move(any));
  return query;
}

Uuid WriteRuns(Store& store, int count) {
  TestSession session(store);
  TestWriter writer(session, 1);
  const Uuid space = NewUuid();
  std::vector<RunWrite> writes;
  for (int i = 0; i < count; ++i) writes.push_back(FirstWrite(NewRunKey(), space, std::to_string(i)));
  writer.Commit(std::move(writes));
  return space;
}

using Counted = absl::StatusOr<std::vector<CountGroup>>;

}  // namespace

TEST_CASE("sqlite: a count is stopped at its time limit, and the next one counts") {
  const TemporaryFolder folder;
  SqliteStoreOptions options;
  options.path = folder.path() / "store.db";
  options.list_time_limit = absl::ZeroDuration();
  auto store = OpenSqliteStore(options);
  REQUIRE(store.ok());
  const Uuid space = WriteRuns(**store, 3000);
  TestSession session(**store);
  auto count = [&](const VisibilityQuery& query) {
    return session.Await<Counted>(
        [&](Session& in, auto done) { in.CountExecutions(query, std::move(done)); });
  };
  CHECK(absl::IsDeadlineExceeded(count(SlowCount(space)).status()));
  VisibilityQuery quick;
  quick.namespace_id = space;
  quick.shard = 0;
  CHECK(count(quick).ok());
}

TEST_CASE("sqlite: a statement over few rows that are large asks in time whether to stop") {
  const TemporaryFolder folder;
  auto connection = SqliteConnection::Open(folder.path() / "store.db", {});
  REQUIRE(connection.ok());
  // 32 rows of a megabyte, of entries that have no byte.
  auto statement = (*connection)
                       ->Prepare(
                           "WITH RECURSIVE rows(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM rows WHERE "
                           "i < 32) SELECT count(*) FROM rows WHERE has_entry(zeroblob(1048575 + i), "
                           "x'01', x'02')");
  REQUIRE(statement.ok());
  int looks = 0;
  (*connection)->StopWhen([&] { return ++looks > 1'000'000; });
  CHECK(statement->Step() == SQLITE_ROW);
  CHECK(looks >= 7);
  statement->Reset();
  (*connection)->StopWhen([] { return true; });
  CHECK((statement->Step() & 0xff) == SQLITE_INTERRUPT);
  statement->Reset();
  (*connection)->StopWhen(nullptr);
  CHECK(statement->Step() == SQLITE_ROW);
}

TEST_CASE("sqlite: lists hold up no other read, and none holds up the end of the store") {
  const TemporaryFolder folder;
  auto store = Open(folder.path() / "store.db");
  REQUIRE(store.ok());
  const Uuid space = WriteRuns(**store, 3000);
  std::vector<std::future<Counted>> counts;
  {
    TestSession session(**store);
    for (int i = 0; i < 200; ++i) {
      counts.push_back(session.Start<Counted>([query = SlowCount(space)](Session& in, auto done) {
        in.CountExecutions(query, std::move(done));
      }));
    }
    CHECK(session.Load(NewRunKey()).rows.empty());
    CHECK(counts.back().wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  }
  store->reset();
}

TEST_CASE("sqlite: a file is free again however its process ended") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store.db";
  const pid_t child = fork();
  if (child == 0) {
    const auto held = Open(path);
    _exit(held.ok() ? 0 : 1);  // without a destructor, as after a kill
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  CHECK(Open(path).ok());
}

TEST_CASE("sqlite: what was acknowledged is in the files, as a kill would leave them") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store.db";
  auto store = Open(path);
  REQUIRE(store.ok());
  TestSession session(**store);
  TestWriter writer(session, 1);
  const RunKey key = NewRunKey();
  writer.Commit(FirstWrite(key, NewUuid(), "id"));
  const auto copy = folder.path() / "copy.db";
  std::filesystem::copy_file(path, copy);
  std::filesystem::copy_file(path.string() + "-wal", copy.string() + "-wal");
  auto after = Open(copy);
  REQUIRE(after.ok());
  TestSession reopened(**after);
  CHECK(reopened.Load(key).rows.size() == 1);
  CHECK(reopened.Fence(1).last_batch == 1);
}

TEST_CASE("sqlite: a full disk fails the batch, and the store goes on once there is room") {
  const TemporaryFolder folder;
  auto store = Open(folder.path() / "store.db", {{"max_page_count", "60"}});
  REQUIRE(store.ok());
  TestSession session(**store);
  TestWriter writer(session, 1);
  RunWrite large = FirstWrite(NewRunKey(), NewUuid(), "large");
  large.history[0].events = std::string(1 << 20, 'x');
  const CommitResult result = writer.Try(writer.Next({large}));
  CHECK(result.outcome == CommitOutcome::kFailed);
  CHECK(result.message.find("full") != std::string::npos);
  CHECK(session.Load(large.key).rows.empty());
  writer.Commit(FirstWrite(NewRunKey(), NewUuid(), "small"));
}

TEST_CASE("sqlite: a file that is no database is refused by name") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store.db";
  std::ofstream(path) << std::string(8192, 'x');
  const auto store = Open(path);
  CHECK_FALSE(store.ok());
  CHECK(Contains(store.status(), "store.db"));
  CHECK(Contains(store.status(), "not a database"));
}

TEST_CASE("sqlite: a folder that is not there is refused by name") {
  const TemporaryFolder folder;
  const auto store = Open(folder.path() / "missing" / "store.db");
  CHECK(absl::IsUnavailable(store.status()));
  CHECK(Contains(store.status(), "missing"));
}

TEST_CASE("sqlite: a pragma that is none is refused") {
  const TemporaryFolder folder;
  const auto store = Open(folder.path() / "store.db", {{"cache_size", "1; DROP TABLE history"}});
  CHECK(absl::IsInvalidArgument(store.status()));
}

TEST_CASE("sqlite: a read-only database fails batches, and reads go on") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store.db";
  const RunKey key = NewRunKey();
  {
    auto store = Open(path);
    REQUIRE(store.ok());
    TestSession session(**store);
    TestWriter writer(session, 1);
    writer.Commit(FirstWrite(key, NewUuid(), "id"));
  }
  auto store = Open(path, {{"query_only", "ON"}});
  REQUIRE(store.ok());
  TestSession session(**store);
  Batch batch{{1, 1}, 2, {{{FirstWrite(NewRunKey(), NewUuid(), "id")}}}};
  CHECK(session.Commit(batch).outcome == CommitOutcome::kFailed);
  CHECK(session.Load(key).rows.size() == 1);
}

TEST_CASE("sqlite: a damaged file is told as such, not as an empty one") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store.db";
  const RunKey key = NewRunKey();
  {
    auto store = Open(path);
    REQUIRE(store.ok());
    TestSession session(**store);
    TestWriter writer(session, 1);
    RunWrite write = FirstWrite(key, NewUuid(), "id");
    write.history[0].events = std::string(100'000, 'x');
    writer.Commit(write);
  }
  const auto size = std::filesystem::file_size(path);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    for (std::uintmax_t page = 4096; page < size;
         page += 4096) {  // all but the first, which lists the tables
      file.seekp(static_cast<std::streamoff>(page));
      file << std::string(64, '\xee');
    }
  }
  auto store = Open(path);
  if (!store.ok()) return;  // noticed at once is as good
  TestSession session(**store);
  const auto runs = session.Await<absl::StatusOr<std::vector<StoredRun>>>(
      [&](Session& s, auto done) { s.LoadRuns({{key}}, std::move(done)); });
  CHECK(absl::IsInternal(runs.status()));
}

TEST_CASE("sqlite: migrations are applied once, and a newer schema is tolerated") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store.db";
  REQUIRE(Open(path).ok());
  auto connection = SqliteConnection::Open(path, {});
  REQUIRE(connection.ok());
  CHECK(MigrateSqlite(**connection, nullptr).value() == 0);
  REQUIRE(
      (*connection)->Exec("INSERT INTO schema_versions (version, name) VALUES (1000, 'of a later release')"));
  const auto version = SqliteSchemaVersion(**connection);
  REQUIRE(version.ok());
  CHECK(version->found == 1000);
  CHECK(CheckSchema(*version, "perdure migrate").ok());
  CHECK(Open(path).ok());
}

TEST_CASE("sqlite: a file of a schema that nothing reads any more is refused in one line, and not touched") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store.db";
  {
    auto connection = SqliteConnection::Open(path, {});
    REQUIRE(connection.ok());
    REQUIRE((*connection)->Exec("CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, name TEXT)"));
    REQUIRE((*connection)->Exec("INSERT INTO schema_versions VALUES (1, 'initial')"));
  }
  const absl::Status opened = Open(path).status();
  CHECK(absl::IsFailedPrecondition(opened));
  CHECK(Contains(opened, "version 1"));
  CHECK(Contains(opened, "use an empty database"));
  CHECK_FALSE(Contains(opened, "\n"));
  const auto version = SqliteFileSchemaVersion(path);
  REQUIRE(version.ok());
  CHECK(version->found == 1);
}

TEST_CASE("sqlite: a schema that is too old is told with the command to run") {
  const absl::Status status = CheckSchema({1, 2}, "perdure migrate");
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(Contains(status, "perdure migrate"));
}

}  // namespace perdure::persistence
