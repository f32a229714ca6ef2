// Group commit (DESIGN, section 4): one commit is in flight; what runs append meanwhile gathers, and the next
// commit takes it all, bounded in rows and bytes. No timer: an idle executor commits as soon as the tasks
// already posted to it have had their say.
//
// A commit that the database refuses is cut in two until the guilty group stands alone; only that one fails.
//
// Not thread-safe: lives on one executor, and is destroyed on it or after its end.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "persistence/store.h"
#include "server/history/commit_group.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class Batcher {
 public:
  // What the batcher asks of the host.
  class Host {
   public:
    virtual ~Host() = default;
    // What the commit that is being built writes of the run: everything decided on it so far.
    virtual SealedWrite Seal(ResidentRun& run) = 0;
    // That is durable. Called for every run of a group before the group's calls are answered.
    virtual void Landed(const RunPtr& run, SealedWrite& sealed) = 0;
    // Nothing of the group landed, nor will: the database refuses its data.
    virtual void Refused(const CommitGroupPtr& group, const std::string& why) = 0;
    // Nothing that was not answered as landed may be believed. The host calls Abandon and, later, Begin.
    virtual void Lost(const persistence::CommitResult& result, uint64_t batch) = 0;
  };

  Batcher(Executor& executor, persistence::Session& session, Host& host, Metrics& metrics);
  // Calls that still wait are destroyed unrun.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // The writer is fenced and owns its shards; `last_batch` is its newest batch that landed.
  void Begin(persistence::Writer writer, uint64_t last_batch);
  uint64_t last_batch() const { return last_batch_; }
  uint64_t epoch() const { return writer_.epoch; }

  // The run has something for the next commit: `rows` and `bytes` estimate what.
  void Add(const RunPtr& run, size_t rows, size_t bytes);
  // Both land together. REQUIRES: both were added since the last seal.
  void Join(const RunPtr& run, const RunPtr& with);
  // Calls `done` once everything decided on the run is durable: at once when it is.
  static void WhenDurable(const ResidentRun& run, DurableCallback done);

  // Takes every group back: the caller fails their calls. Nothing is committed until Begin. A commit that is
  // in flight may land still, and its answer comes to nothing: Begin waits for WhenIdle.
  std::vector<CommitGroupPtr> Abandon();
  // Takes a gathering group back: it will not be committed.
  void Withdraw(const CommitGroupPtr& group);

  // Nothing gathers and nothing is in flight.
  bool Idle() const { return gathering_.empty() && sealed_.empty() && !in_flight_; }
  // How long the newest answered commit was in flight.
  absl::Duration last_commit_took() const { return last_commit_took_; }
  // Calls `done` once nothing gathers and nothing is in flight.
  void WhenIdle(absl::AnyInvocable<void() &&> done);

 private:
  using Part = std::vector<CommitGroupPtr>;

  // Every group, parted from its runs: the two hold each other until then.
  std::vector<CommitGroupPtr> TakeAll();
  void SealSoon();
  void Seal();
  // The bytes of what it writes besides its records.
  size_t SealGroup(const CommitGroupPtr& group);
  void PushSealed(Part part, size_t bytes);
  void CommitFront();
  void OnResult(const persistence::CommitResult& result);
  void OnCommitted();
  void OnRefused(const std::string& why);
  void FinishIfIdle();
  void TakeFromGathering(const CommitGroupPtr& group);
  static persistence::WriteGroup WriteOf(const CommitGroup& group);

  Executor& executor_;
  persistence::Session& session_;
  Host& host_;
  Histogram& batch_runs_;
  Histogram& batch_bytes_;
  Histogram& latency_;

  persistence::Writer writer_;
  uint64_t last_batch_ = 0;
  bool begun_ = false;
  bool seal_posted_ = false;
  bool in_flight_ = false;
  bool abandoned_ = false;  // what is in flight
  absl::Duration sent_;
  absl::Duration last_commit_took_;
  std::deque<CommitGroupPtr> gathering_;
  std::deque<Part> sealed_;  // the front one is being committed
  std::vector<absl::AnyInvocable<void() &&>> when_idle_;
};

}  // namespace perdure::server
