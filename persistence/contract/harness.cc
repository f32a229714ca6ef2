#include "persistence/contract/harness.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <tuple>

namespace perdure::persistence::contract {

TestSession::TestSession(Store& store) : home_("home") {
  std::promise<void> opened;
  home_.Post([&] {
    session_ = store.OpenSession(home_);
    opened.set_value();
  });
  opened.get_future().wait();
}

TestSession::~TestSession() {
  std::promise<void> closed;
  home_.Post([&] {
    session_.reset();
    closed.set_value();
  });
  closed.get_future().wait();
}

FencedWriter TestSession::Fence(uint32_t writer_id) {
  for (;;) {
    auto fenced = Await<absl::StatusOr<FencedWriter>>(
        [=](Session& session, auto done) { session.Fence(writer_id, std::move(done)); });
    if (fenced.ok()) return *fenced;
    INFO(fenced.status().ToString());
    REQUIRE(absl::IsUnavailable(fenced.status()));
  }
}

void TestSession::TakeShards(const Writer& writer, std::vector<ShardId> shards) {
  auto taken = Await<absl::StatusOr<bool>>(
      [=](Session& session, auto done) { session.TakeShards(writer, shards, std::move(done)); });
  INFO(taken.status().ToString());
  REQUIRE(taken.ok());
}

StoredRun TestSession::Load(const RunKey& key) {
  auto runs = Await<absl::StatusOr<std::vector<StoredRun>>>(
      [=](Session& session, auto done) { session.LoadRuns({{key}}, std::move(done)); });
  INFO(runs.status().ToString());
  REQUIRE(runs.ok());
  REQUIRE(runs->size() == 1);
  REQUIRE(runs->front().key == key);
  return runs->front();
}

std::optional<Uuid> TestSession::FindCurrent(const EntityKey& key) {
  auto runs = Await<absl::StatusOr<std::vector<std::optional<Uuid>>>>(
      [=](Session& session, auto done) { session.FindCurrentRuns({key}, std::move(done)); });
  INFO(runs.status().ToString());
  REQUIRE(runs.ok());
  REQUIRE(runs->size() == 1);
  return runs->front();
}

std::vector<HistoryRow> TestSession::ReadHistory(const HistoryQuery& query) {
  auto rows = Await<absl::StatusOr<std::vector<HistoryRow>>>(
      [=](Session& session, auto done) { session.ReadHistory(query, std::move(done)); });
  INFO(rows.status().ToString());
  REQUIRE(rows.ok());
  return *rows;
}

std::vector<WakeRow> TestSession::ReadWakes(const WakeQuery& query) {
  auto rows = Await<absl::StatusOr<std::vector<WakeRow>>>(
      [=](Session& session, auto done) { session.ReadWakes(query, std::move(done)); });
  INFO(rows.status().ToString());
  REQUIRE(rows.ok());
  return *rows;
}

VisibilityPage TestSession::List(const VisibilityQuery& query) {
  auto page = Await<absl::StatusOr<VisibilityPage>>(
      [=](Session& session, auto done) { session.ListExecutions(query, std::move(done)); });
  INFO(page.status().ToString());
  REQUIRE(page.ok());
  return *page;
}

int64_t TestSession::Count(const VisibilityQuery& query) {
  auto groups = Await<absl::StatusOr<std::vector<CountGroup>>>(
      [=](Session& session, auto done) { session.CountExecutions(query, std::move(done)); });
  INFO(groups.status().ToString());
  REQUIRE(groups.ok());
  REQUIRE(groups->size() == 1);
  CHECK(groups->front().status == 0);
  return groups->front().count;
}

FencedWriter TestSession::AskWriter(uint32_t writer_id) {
  auto asked = Await<absl::StatusOr<FencedWriter>>(
      [=](Session& session, auto done) { session.AskWriter(writer_id, std::move(done)); });
  INFO(asked.status().ToString());
  REQUIRE(asked.ok());
  return *asked;
}

LeaseAnswer TestSession::RenewLease(const NodeRow& node, absl::Duration duration) {
  auto answer = Await<absl::StatusOr<LeaseAnswer>>(
      [=](Session& session, auto done) { session.RenewLease(node, duration, std::move(done)); });
  INFO(answer.status().ToString());
  REQUIRE(answer.ok());
  return *answer;
}

void TestSession::EndLease(const Uuid& incarnation) {
  auto ended = Await<absl::StatusOr<bool>>(
      [=](Session& session, auto done) { session.EndLease(incarnation, std::move(done)); });
  INFO(ended.status().ToString());
  REQUIRE(ended.ok());
}

void TestSession::ActFor(const std::optional<Tenure>& tenure) {
  Await<bool>([=](Session& session, const auto& done) {
    session.ActFor(tenure);
    done(true);
  });
}

CommitResult TestSession::Commit(Batch batch) { return StartCommit(std::move(batch)).get(); }

std::future<CommitResult> TestSession::StartCommit(Batch batch) {
  return Start<CommitResult>([batch = std::move(batch)](Session& session, auto done) mutable {
    session.Commit(std::move(batch), std::move(done));
  });
}

TestWriter::TestWriter(TestSession& session, uint32_t id, std::vector<ShardId> shards) : session_(session) {
  const FencedWriter fenced = session.Fence(id);
  writer = fenced.writer;
  last_batch = fenced.last_batch;
  if (!shards.empty()) session.TakeShards(writer, std::move(shards));
}

Batch TestWriter::Next(std::vector<RunWrite> writes) const {
  Batch batch{writer, last_batch + 1, {}};
  for (RunWrite& write : writes) batch.groups.push_back({{std::move(write)}});
  return batch;
}

Batch TestWriter::Next(WriteGroup group) const { return {writer, last_batch + 1, {std::move(group)}}; }

CommitResult TestWriter::Try(Batch batch) {
  const uint64_t number = batch.number;
  CommitResult result = session_.Commit(std::move(batch));
  if (result.outcome == CommitOutcome::kCommitted) last_batch = number;
  return result;
}

void TestWriter::Commit(std::vector<RunWrite> writes) {
  const CommitResult result = Try(Next(std::move(writes)));
  INFO(result.message);
  REQUIRE(result.outcome == CommitOutcome::kCommitted);
}

void TestWriter::Commit(RunWrite write) {
  std::vector<RunWrite> writes;
  writes.push_back(std::move(write));
  Commit(std::move(writes));
}

FencedWriter TestWriter::Refence() {
  const FencedWriter fenced = session_.Fence(writer.id);
  writer = fenced.writer;
  last_batch = fenced.last_batch;
  return fenced;
}

Uuid NewUuid() {
  static const std::unique_ptr<Random> random = NewSystemRandom();
  return Uuid::Mint(*random);
}

RunKey NewRunKey(ShardId shard) { return {shard, NewUuid()}; }

Sequences SequencesOf(const std::vector<HistoryRow>& rows) {
  Sequences sequences;
  for (const HistoryRow& row : rows) sequences.push_back(row.sequence);
  return sequences;
}

HistoryRow Row(int64_t sequence, int64_t first_event_id, int32_t event_count, std::string events) {
  return {sequence, first_event_id, event_count, std::move(events), "changes of " + std::to_string(sequence)};
}

ExecutionRow Execution(const Uuid& namespace_id, std::string workflow_id) {
  ExecutionRow row;
  row.namespace_id = namespace_id;
  row.id = std::move(workflow_id);
  row.status = 1;
  row.type = "type";
  row.queue = "queue";
  row.start_time = At(1000);
  row.execution_time = At(1000);
  return row;
}

RunWrite FirstWrite(const RunKey& key, const Uuid& namespace_id, std::string workflow_id) {
  RunWrite write;
  write.key = key;
  write.history = {Row(1, 1, 2, "started, task scheduled")};
  write.execution = Execution(namespace_id, std::move(workflow_id));
  write.wakes_added = {At(1010)};
  return write;
}

absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(seconds); }

bool Equal(const HistoryRow& left, const HistoryRow& right) {
  auto all = [](const HistoryRow& row) {
    return std::tie(row.sequence, row.first_event_id, row.event_count, row.events, row.changes);
  };
  return all(left) == all(right);
}

bool Equal(const ExecutionRow& left, const ExecutionRow& right) {
  auto all = [](const ExecutionRow& row) {
    return std::tie(row.namespace_id, row.id, row.current, row.status, row.type, row.queue, row.start_time,
                    row.execution_time, row.close_time, row.delete_at, row.history_length,
                    row.history_size_bytes, row.state_transition_count, row.memo, row.search_attributes,
                    row.extra, row.parent, row.root);
  };
  return all(left) == all(right);
}

}  // namespace perdure::persistence::contract
