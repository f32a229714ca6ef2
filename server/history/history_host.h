// One executor's part of history: a set of shards, the runs of them that are in memory, and the commits that
// make what was decided on them durable (docs/DESIGN.md, section 4).
//
// A call's way: find the run (memory, else the store) -> Decide -> its records join the gathering commit ->
// the reply waits until they are durable, and so does every reply that was derived from them. Each stretch of
// it has an owner in server/history/host/: calls.h, residents.h, steps.h, commits.h and replies.h; beside
// them life.h says whether answers may be given at all, duties.h does what runs owe, departures.h and
// retirement.h let them go. This class owns the parts, and passes on to all of them what concerns all.
//
// Thread safety: admission() from any thread; Declined and HasRoom from any thread (they post); everything
// else on the executor. Destroyed on the executor, or after it has stopped or dropped its tasks. Errors:
// UNAVAILABLE whenever this host may not answer (not begun, fenced, lease not held, stopping), or when the
// outcome is unknown: the caller may repeat.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "server/history/admission.h"
#include "server/history/batcher.h"
#include "server/history/history.h"
#include "server/history/history_options.h"
#include "server/history/host/calls.h"
#include "server/history/host/commits.h"
#include "server/history/host/departures.h"
#include "server/history/host/duties.h"
#include "server/history/host/host_parts.h"
#include "server/history/host/life.h"
#include "server/history/host/message_desk.h"
#include "server/history/host/replies.h"
#include "server/history/host/residents.h"
#include "server/history/host/retirement.h"
#include "server/history/host/rewinds.h"
#include "server/history/host/salvage.h"
#include "server/history/host/settings.h"
#include "server/history/host/steps.h"
#include "server/history/host/waits.h"
#include "server/history/host_metrics.h"
#include "server/history/message_metrics.h"
#include "server/history/run_cache.h"
#include "server/history/run_loader.h"
#include "server/history/task_sink.h"
#include "server/history/wake_horizon.h"

namespace perdure::server {

class HistoryHost final : private HostLife::Host {
 public:
  using World = HostWorld;
  HistoryHost(World world, uint32_t writer_id, std::vector<ShardId> shards, HistoryOptions options);
  ~HistoryHost() override;

  Executor& executor() { return world_.executor; }
  Admission& admission() { return admission_; }

  // Fences the writer, takes the shards, and serves; repeats until it has them. `serving` is called the first
  // time.
  void Begin(TaskSink& sink, absl::AnyInvocable<void() &&> serving);
  // Refuses what comes, answers who waits, and lets what was decided become durable.
  void Stop(absl::AnyInvocable<void() &&> done);
  // The lease is held again after a gap, or the store answers again: what waits for either goes on at once.
  void OnLease() { life_.OnLease(); }
  bool serving() const { return life_.HasShards() && !life_.InDoubt(); }

  void Start(const Uuid& namespace_id, KindNumber kind, std::unique_ptr<engine::StartRequest> request,
             Callback<engine::ReplyPtr> done) {
    calls_.Start(namespace_id, kind, std::move(request), std::move(done));
  }
  void Execute(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
    calls_.Execute(ref, std::move(request), std::move(done));
  }
  void Read(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
    replies_.Read(ref, std::move(request), std::move(done));
  }
  // `id` is used for no other wait.
  void Ask(uint64_t id, const EntityRef& ref, engine::RequestPtr request, absl::Duration max_wait,
           Admission::Ticket ticket, Callback<engine::ReplyPtr> done) {
    waits_.Ask(id, ref, std::move(request), max_wait, std::move(ticket), std::move(done));
  }
  void WaitForEvents(uint64_t id, const EntityRef& ref, int64_t from_event_id, absl::Duration max_wait,
                     Callback<RunPosition> done) {
    waits_.Add(id, ref, from_event_id, max_wait, std::move(done));
  }
  void CancelWait(uint64_t id) { waits_.Cancel(id); }
  void ReadEvents(const EventsQuery& query, Callback<EventsPage> done) {
    replies_.ReadEvents(query, std::move(done));
  }
  void Deliver(perdure::engine::Delivery delivery, Callback<perdure::engine::DeliveryAnswers> done) {
    messages_.Deliver(std::move(delivery), std::move(done));
  }

  // As TaskOwners has them.
  void Declined(Task task);
  void HasRoom(const QueueKey& queue, size_t room);

  size_t resident_runs() const { return cache_.runs(); }
  size_t resident_bytes() const { return cache_.held_bytes(); }

 private:
  void OnServing(const persistence::FencedWriter& fenced) override;
  void DropEverything(const absl::Status& why) override;

  const World world_;
  const HistoryOptions options_;
  HostMetrics metrics_;
  MessageMetrics message_metrics_;
  Admission admission_;  // before the session, whose callbacks hold tickets
  const std::unique_ptr<persistence::Session> session_;

  const HostParts parts_;
  HostLife life_;
  EntitySettings settings_;
  Residents residents_;
  Departures departures_;
  Salvage salvage_;
  Rewinds rewinds_;
  HostSteps steps_;
  HostCommits commits_;
  HostCalls calls_;
  HostReplies replies_;
  HostWaits waits_;
  MessageDesk messages_;

  // The machines that the parts work with; each has a contract of its own.
  RunCache cache_;
  RunLoader loader_;
  Batcher batcher_;
  Retirement retirement_;
  WakeHorizon horizon_;
  HostDuties duties_;
};

}  // namespace perdure::server
