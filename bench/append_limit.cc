// What PostgreSQL itself allows: the records of a workload of short workflows, written through the store,
// against the same bytes appended by one pipelined connection with nothing around it. Prints JSON: WAL,
// statements, commits and database size a workflow beside the rates. bench/limit.py sets the server beside
// it.
//
//     perdure_append_limit --postgres "host=... user=..." [--workflows 20000] [--in-flight 64]
//
// Makes a database of its own on that server and drops it. Figures of one run mean nothing alone: read the
// ratios.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/event_loop.h"
#include "bench/watch.h"
#include "persistence/postgres/pg_batch.h"
#include "persistence/postgres/pg_blocking.h"
#include "persistence/postgres/pg_connection.h"
#include "persistence/postgres/pg_settings.h"
#include "persistence/postgres/postgres_migrate.h"
#include "persistence/postgres/postgres_store.h"

namespace perdure::bench {
namespace {

using persistence::Batch;
using persistence::CommitOutcome;
using persistence::CommitResult;
using persistence::PgBlocking;
using persistence::RunWrite;

// A workflow of one activity is five records: started; first task completed; activity started; activity
// completed; second task completed and workflow closed. Sizes as of the Python SDK's small payloads.
constexpr int kSteps = 5;
struct Step {
  int32_t events;
  size_t event_bytes;
  size_t change_bytes;
};
constexpr Step kRecords[kSteps] = {{2, 380, 60}, {3, 420, 70}, {0, 0, 90}, {3, 360, 60}, {3, 330, 40}};

struct Options {
  std::string postgres;
  int workflows = 20000;
  int in_flight = 64;
};

// Bytes that compress about as well as events do: not at all, in rows this small.
std::string Bytes(Random& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  return bytes;
}

class Workflow {
 public:
  explicit Workflow(Random& random) : random_(random) { Begin(); }

  // The next record; true with the last one.
  bool Advance(RunWrite& write) {
    const Step& step = kRecords[step_];
    write.key = key_;
    write.history.push_back({step_ + 1, next_event_, step.events, Bytes(random_, step.event_bytes),
                             Bytes(random_, step.change_bytes)});
    next_event_ += step.events;
    const bool first = step_ == 0;
    const bool last = step_ == kSteps - 1;
    if (first || last) write.execution = Row(last);
    if (first) write.wakes_added.push_back(start_);
    if (last) write.wakes_removed.push_back(start_);
    if (last) write.wakes_added.push_back(start_ + absl::Hours(72));  // retention
    ++step_;
    if (last) Begin();
    return last;
  }

 private:
  void Begin() {
    key_ = {static_cast<ShardId>(random_.Below(kShardCount)), Uuid::Mint(random_)};
    workflow_id_ = "workflow-" + Uuid::Mint(random_).ToString();
    start_ = absl::Now();
    step_ = 0;
    next_event_ = 1;
  }

  persistence::ExecutionRow Row(bool closed) const {
    persistence::ExecutionRow row;
    row.namespace_id = Uuid{{1}};
    row.id = workflow_id_;
    row.status = closed ? 2 : 1;
    row.type = "OneActivity";
    row.queue = "bench";
    row.start_time = row.execution_time = start_;
    if (closed) row.close_time = absl::Now();
    if (closed) row.delete_at = start_ + absl::Hours(72);
    if (closed) row.history_length = next_event_ - 1;
    if (closed) row.history_size_bytes = 1500;
    if (closed) row.state_transition_count = kSteps;
    return row;
  }

  Random& random_;
  persistence::RunKey key_;
  std::string workflow_id_;
  absl::Time start_;
  int step_ = 0;
  int64_t next_event_ = 1;
};

// The batches that `in_flight` workflows make, each at another step than its neighbour.
std::vector<std::vector<RunWrite>> MakeBatches(const Options& options, Random& random) {
  std::vector<Workflow> workflows;  // each a run of its own
  for (int i = 0; i < options.in_flight; ++i) workflows.emplace_back(random);
  std::vector<std::vector<RunWrite>> batches;
  int closed = 0;
  for (size_t turn = 0; closed < options.workflows; ++turn) {
    std::vector<RunWrite>& batch = batches.emplace_back();
    for (size_t i = 0; i < workflows.size(); ++i) {
      if (turn < kSteps && i % kSteps > turn) continue;  // begin one after the other
      if (workflows[i].Advance(batch.emplace_back())) ++closed;
    }
  }
  return batches;
}

// Through the store: a session, one batch in flight, as an executor of history does.
void WriteThroughStore(const std::string& database, const std::vector<std::vector<RunWrite>>& batches,
                       Measure& measure) {
  persistence::PostgresOptions options;
  options.target = database;
  const auto store = Must(persistence::OpenPostgresStore(options));
  EventLoop home("home");
  std::unique_ptr<persistence::Session> session;
  std::promise<void> done;
  persistence::Writer writer;
  size_t next = 0;
  std::function<void()> commit = [&] {
    if (next == batches.size()) {
      session.reset();
      done.set_value();
      return;
    }
    Batch batch{writer, next + 1, {}};
    for (const RunWrite& write : batches[next]) batch.groups.push_back({{write}});
    measure.statements += static_cast<double>(persistence::StatementsOf(batch)->size());
    measure.commits += 1;
    measure.records += static_cast<double>(batch.groups.size());
    ++next;
    session->Commit(std::move(batch), [&](const CommitResult& result) {
      PERDURE_CHECK(result.outcome == CommitOutcome::kCommitted, result.message);
      commit();
    });
  };
  home.Post([&] {
    session = store->OpenSession(home);
    session->Fence(1, [&](absl::StatusOr<persistence::FencedWriter> fenced) {
      writer = Must(std::move(fenced)).writer;
      commit();
    });
  });
  done.get_future().wait();
}

// How the bare records are written: a batch of them is a transaction, of one statement or of one a record.
struct Bare {
  size_t transactions_under_way;
  bool statement_a_record;
};

std::vector<persistence::PgStatement> Appends(const std::vector<RunWrite>& batch, bool statement_a_record) {
  using persistence::PgArray;
  std::vector<persistence::PgStatement> statements;
  PgArray records(PgArray::Type::kBytea);
  for (const RunWrite& write : batch) {
    std::string record = write.history[0].events + write.history[0].changes;
    if (statement_a_record) {
      statements.push_back({"append_one", "INSERT INTO bare VALUES ($1::bytea)", {std::move(record)}});
    } else {
      records.Add(std::string_view(record));
    }
  }
  if (!statement_a_record) {
    statements.push_back(
        {"append", "INSERT INTO bare SELECT unnest($1::bytea[])", {std::move(records).Take()}});
  }
  return statements;
}

// With nothing around it: the records' bytes in a table without an index.
void WriteBare(const std::string& database, const std::vector<std::vector<RunWrite>>& batches, Bare how,
               Measure& measure) {
  EventLoop loop("bare");
  std::unique_ptr<persistence::PgConnection> connection;
  std::promise<void> done;
  size_t next = 0;
  size_t answered = 0;
  std::function<void()> send = [&] {
    while (next < batches.size() && next - answered < how.transactions_under_way) {
      auto statements = Appends(batches[next], how.statement_a_record);
      measure.records += static_cast<double>(batches[next].size());
      measure.statements += static_cast<double>(statements.size());
      measure.commits += 1;
      ++next;
      connection->Submit(std::move(statements), [&](const persistence::PgAnswer& answer) {
        PERDURE_CHECK(answer.kind == persistence::PgAnswer::Kind::kDone, answer.message);
        if (++answered == batches.size()) {
          done.set_value();
        } else {
          send();
        }
      });
    }
  };
  PgBlocking server = Must(PgBlocking::Connect(database));
  constexpr auto kRoute = persistence::PgRoute::kDirect;
  const persistence::PgSettings settings =
      Must(persistence::FindSettings(server, kRoute, /*read_only=*/false));
  persistence::PgConnection::Options options;
  options.target = database;
  options.startup = persistence::CarriageOf(settings, kRoute).startup;
  loop.Post([&] {
    connection = std::make_unique<persistence::PgConnection>(loop, options);
    send();
  });
  done.get_future().wait();
  std::promise<void> ended;
  loop.Post([&] {
    connection.reset();
    ended.set_value();
  });
  ended.get_future().wait();
}

nlohmann::ordered_json Figures(const Measure& measure, int workflows) {
  return {{"records_per_second", measure.records / measure.seconds},
          {"wal_bytes_per_workflow", measure.wal / workflows},
          {"database_bytes_per_workflow", measure.size / workflows},
          {"statements_per_workflow", measure.statements / workflows},
          {"commits_per_workflow", measure.commits / workflows}};
}

void Run(const Options& options) {
  PgBlocking server = Must(PgBlocking::Connect(options.postgres));
  const auto random = NewSystemRandom();
  const std::string name = absl::StrCat("append_limit_", random->Next());
  Must(server.Text("CREATE DATABASE " + name));
  const std::string database = absl::StrCat(options.postgres, " dbname=", name);
  Must(persistence::MigratePostgres(database, nullptr));
  {
    PgBlocking admin = Must(PgBlocking::Connect(database));
    Must(admin.Text("CREATE TABLE bare (record bytea)"));
    const auto batches = MakeBatches(options, *random);
    auto bare = [&](Bare how) {
      return Watch(admin, [&](Measure& measure) { WriteBare(database, batches, how, measure); });
    };
    const Measure deep = bare({.transactions_under_way = 8, .statement_a_record = false});
    const Measure alone = bare({.transactions_under_way = 1, .statement_a_record = false});
    const Measure single = bare({.transactions_under_way = 8, .statement_a_record = true});
    const Measure store =
        Watch(admin, [&](Measure& measure) { WriteThroughStore(database, batches, measure); });
    const nlohmann::ordered_json out = {{"limit_8_under_way", Figures(deep, options.workflows)},
                                        {"limit_1_under_way", Figures(alone, options.workflows)},
                                        {"limit_statement_a_record", Figures(single, options.workflows)},
                                        {"store", Figures(store, options.workflows)}};
    std::puts(out.dump().c_str());
  }
  Must(server.Text("DROP DATABASE " + name + " WITH (FORCE)"));
}

}  // namespace
}  // namespace perdure::bench

int main(int argc, char** argv) {
  CLI::App app("What PostgreSQL allows, and what the store takes of it");
  perdure::bench::Options options;
  app.add_option("--postgres", options.postgres, "libpq connection string of a server; may create databases")
      ->required();
  app.add_option("--workflows", options.workflows, "how many")->check(CLI::PositiveNumber);
  app.add_option("--in-flight", options.in_flight, "workflows in one batch")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  perdure::bench::Run(options);
}
