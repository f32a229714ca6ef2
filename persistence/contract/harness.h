// A session with an executor of its own, driven from the test's thread: each method waits for its answer.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "persistence/contract/backend.h"
#include "persistence/store.h"

namespace perdure::persistence::contract {

class TestSession {
 public:
  explicit TestSession(Store& store);
  ~TestSession();
  TestSession(const TestSession&) = delete;
  TestSession& operator=(const TestSession&) = delete;

  // Calls `ask(session, callback)` on the session's executor and waits for the callback.
  template <typename T, typename Ask>
  T Await(Ask ask) {
    return Start<T>(std::move(ask)).get();
  }
  template <typename T, typename Ask>
  std::future<T> Start(Ask ask) {
    auto promise = std::make_shared<std::promise<T>>();
    home_.Post([this, ask = std::move(ask), promise]() mutable {
      ask(*session_, [promise](T value) { promise->set_value(std::move(value)); });
    });
    return promise->get_future();
  }

  // Each REQUIREs an answer that is not an error; a fence is repeated while the store is UNAVAILABLE.
  FencedWriter Fence(uint32_t writer_id);
  void TakeShards(const Writer& writer, std::vector<ShardId> shards);
  StoredRun Load(const RunKey& key);
  std::optional<Uuid> FindCurrent(const EntityKey& key);
  std::vector<HistoryRow> ReadHistory(const HistoryQuery& query);
  std::vector<WakeRow> ReadWakes(const WakeQuery& query);
  VisibilityPage List(const VisibilityQuery& query);
  int64_t Count(const VisibilityQuery& query);
  FencedWriter AskWriter(uint32_t writer_id);
  LeaseAnswer RenewLease(const NodeRow& node, absl::Duration duration);
  void EndLease(const Uuid& incarnation);
  // From now on this session fences and takes shards for this tenure only.
  void ActFor(const std::optional<Tenure>& tenure);

  CommitResult Commit(Batch batch);
  std::future<CommitResult> StartCommit(Batch batch);

  EventLoop& home() { return home_; }

 private:
  EventLoop home_;
  std::unique_ptr<Session> session_;
};

// A writer that owns shards and counts its batches, as an executor of history does.
class TestWriter {
 public:
  TestWriter(TestSession& session, uint32_t id, std::vector<ShardId> shards = {});

  Batch Next(std::vector<RunWrite> writes) const;  // each write a group of its own
  Batch Next(WriteGroup group) const;
  CommitResult Try(Batch batch);
  void Commit(std::vector<RunWrite> writes);  // REQUIREs kCommitted
  void Commit(RunWrite write);
  FencedWriter Refence();

  Writer writer;
  uint64_t last_batch = 0;

 private:
  TestSession& session_;
};

// Values for tests.
Uuid NewUuid();
RunKey NewRunKey(ShardId shard = 1);
HistoryRow Row(int64_t sequence, int64_t first_event_id, int32_t event_count, std::string events);
// Which rows these are.
using Sequences = std::vector<int64_t>;
Sequences SequencesOf(const std::vector<HistoryRow>& rows);
ExecutionRow Execution(const Uuid& namespace_id, std::string workflow_id);
// A first write: one history row of two events, an open execution row, one wake.
RunWrite FirstWrite(const RunKey& key, const Uuid& namespace_id, std::string workflow_id);
absl::Time At(int64_t seconds);

bool Equal(const HistoryRow& left, const HistoryRow& right);
bool Equal(const ExecutionRow& left, const ExecutionRow& right);

}  // namespace perdure::persistence::contract
