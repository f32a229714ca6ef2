// One executor's part of history: a set of shards, the runs of them that are in memory, and the commits that
// make what was decided on them durable (DESIGN, section 4).
//
// A call's way: find the run (memory, else the store) -> Decide -> its records join the gathering commit ->
// the reply waits until they are durable, and so does every reply that was derived from them.
//
// Thread safety: admission() from any thread; Declined and HasRoom from any thread (they post); everything
// else on the executor. Destroyed on the executor, or after it has stopped or dropped its tasks. Errors:
// UNAVAILABLE whenever this host may not answer (not begun, fenced, lease not held, stopping), or when the
// outcome is unknown: the caller may repeat.
//
// What is in memory is believed within the hold of the lease (server/cluster/lease.h) under which this host
// fenced itself, and while the connection to the database is the one that it knows: after a gap of the lease
// it fences anew before the next answer, and after the loss of a connection it asks the writer's row first.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "base/executor.h"
#include "engine/entity.h"
#include "persistence/store.h"
#include "server/cluster/lease.h"
#include "server/cluster/namespace_registry.h"
#include "server/history/admission.h"
#include "server/history/batcher.h"
#include "server/history/entity_kinds.h"
#include "server/history/event_frames.h"
#include "server/history/event_waiters.h"
#include "server/history/history.h"
#include "server/history/history_options.h"
#include "server/history/host_metrics.h"
#include "server/history/message_arrivals.h"
#include "server/history/message_metrics.h"
#include "server/history/message_outbox.h"
#include "server/history/namespace_names.h"
#include "server/history/obligations_keeper.h"
#include "server/history/retention.h"
#include "server/history/run_cache.h"
#include "server/history/run_loader.h"
#include "server/history/task_sink.h"
#include "server/history/wake_horizon.h"

namespace perdure::server {

class HistoryHost final : private Batcher::Host,
                          private WakeHorizon::Host,
                          private RunLoader::Host,
                          private MessageOutbox::Host,
                          private MessageArrivals::Host {
 public:
  // What the host works with; all of it outlives the host.
  struct World {
    Executor& executor;
    persistence::Store& store;
    const NamespaceRegistry& namespaces;
    const Lease& lease;
    Metrics& metrics;
    const EntityKinds& kinds;
    MessageTransport& messages;
    const MessageClock& message_clock;
  };
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
  void OnLease();
  bool serving() const { return phase_ == Phase::kServing && !in_doubt_; }

  void Start(const Uuid& namespace_id, KindNumber kind, std::unique_ptr<engine::StartRequest> request,
             Callback<engine::ReplyPtr> done);
  void Execute(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done);
  void Read(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done);
  // `id` is used for no other wait.
  void WaitForEvents(uint64_t id, const EntityRef& ref, int64_t from_event_id, absl::Duration max_wait,
                     Callback<RunPosition> done);
  void CancelWait(uint64_t id) { waiters_.Cancel(id); }
  void ReadEvents(const EventsQuery& query, Callback<EventsPage> done);
  void Deliver(perdure::engine::Delivery delivery, Callback<perdure::engine::DeliveryAnswers> done);

  // As TaskOwners has them.
  void Declined(Task task);
  void HasRoom(const QueueKey& queue, size_t room);

  size_t resident_runs() const { return cache_.runs(); }
  size_t resident_bytes() const { return cache_.held_bytes(); }

 private:
  enum class Phase { kNew, kFencing, kServing, kStopping };
  using WithRunCallback = absl::AnyInvocable<void(absl::StatusOr<RunPtr>) &&>;

  // --- life (host_life.cc)
  void Fence();
  void FenceLater(const absl::Status& why);
  absl::Duration NextBackoff();
  // Nothing in memory may be believed any more: fences, once no commit is in flight.
  void TakeUpAnew(const absl::Status& why);
  void OnDisconnect();
  void AskWriter();
  void OnAsked(const absl::StatusOr<persistence::FencedWriter>& row, uint64_t landed);
  void OnFenced(const persistence::FencedWriter& fenced);
  void Serve(const persistence::FencedWriter& fenced);
  void DropEverything(const absl::Status& status);
  absl::Status Serving();

  // --- finding runs (host_runs.cc)
  // In memory, or null.
  RunPtr FindResident(const EntityRef& ref) const;
  absl::Status NoSuchRun(const EntityRef& ref) const;
  // NOT_FOUND as clients know it when there is no such run.
  void WithRun(const EntityRef& ref, WithRunCallback then);
  // Null when there is no such run.
  void FindRun(const EntityRef& ref, WithRunCallback then);
  // Null when the id has no run.
  void WithCurrentRun(const persistence::EntityKey& key, WithRunCallback then);
  // Null when the store has no such run; one that is being removed is waited for.
  void LoadRun(const persistence::RunKey& key, RunLoader::Urgency urgency, RunLoader::Loaded done);
  absl::StatusOr<RunPtr> Admit(persistence::StoredRun stored) override;
  // The run as it is stored, outside of memory; takes the rows.
  absl::StatusOr<RunPtr> FoldStored(persistence::StoredRun& stored);
  RunPtr AdmitNew(std::unique_ptr<engine::Entity> entity);
  absl::StatusOr<const engine::Kind*> KindOf(KindNumber number) const;

  // --- runs that cannot be folded (host_salvage.cc)
  // Answers a husk with what is known of the run, and keeps other calls from the run until EndSalvage.
  void Salvage(const Uuid& namespace_id, const persistence::RunKey& key, WithRunCallback then);
  absl::StatusOr<RunPtr> MakeHusk(const persistence::StoredRun& stored, const persistence::ExecutionRow& row);
  // What was decided on the husk is committed; a husk on which nothing was decided is forgotten.
  void EndSalvage(const RunPtr& husk);
  void AbandonSalvage();
  void SalvageCurrent(const persistence::EntityKey& key, WithRunCallback then);
  void EndUnfoldable(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done);
  void StartOverUnfoldable(const persistence::EntityKey& key, std::unique_ptr<engine::StartRequest> request,
                           Callback<engine::ReplyPtr> done);

  // --- steps (host_steps.cc)
  // Null when there is no such namespace.
  const engine::NamespaceSettings* SettingsOf(const Uuid& namespace_id);
  // The same for an entity that is there: it goes on although its namespace was removed.
  const engine::NamespaceSettings& SettingsFor(const engine::Entity& entity);
  engine::Context ContextFor(const engine::Entity* entity, const engine::NamespaceSettings& settings);
  StepObserver& ObserverOf(const engine::Entity& entity);
  // What a step brought about for its caller.
  struct Stepped {
    absl::StatusOr<engine::ReplyPtr> reply;
    RunPtr next;  // the run that follows on it, in the same commit; null when none does
  };
  using Decider = absl::FunctionRef<engine::Decision(engine::Entity&, const engine::Context&)>;
  Stepped Step(const RunPtr& run, const StepCause& cause, Decider decide);
  Stepped StepRequest(const RunPtr& run, const engine::Request& request);
  // Makes durable what is volatile, if anything is.
  absl::Status Harden(const RunPtr& run);
  // `next` takes the id from `before` (null: nobody has it), in one commit.
  RunPtr Follow(const RunPtr& before, engine::NextEntity next, const engine::NamespaceSettings& settings);
  // The run's state is already `records` further.
  void Record(const RunPtr& run, std::vector<engine::Record> records);
  void RefreshObligations(ResidentRun& run);
  void CheckFold(ResidentRun& run, const std::vector<engine::Record>& records);
  void ExecuteOn(const RunPtr& run, const engine::Request& request, Callback<engine::ReplyPtr> done);
  // `current` is null when nobody has the id.
  void StartOn(const RunPtr& current, const Uuid& namespace_id, const engine::Kind& kind,
               const engine::StartRequest& request, Callback<engine::ReplyPtr> done);
  void OnRing(const persistence::RunKey& key);

  // --- obligations of a durable state (host_steps.cc)
  void TakeUp(ResidentRun& run, engine::Obligations obligations);
  // The run leaves memory: nothing is done for it here any more.
  void PutDown(ResidentRun& run);
  // When something is to be done next for the run, its messages included.
  std::optional<absl::Time> NextOf(const ResidentRun& run) const;

  // --- messages (host_messages.cc)
  std::optional<perdure::engine::Message> BodyOf(const persistence::RunKey& run,
                                                 const engine::MessageKey& key) override;
  void Settle(const persistence::RunKey& run, std::vector<engine::MessageOutcome> outcomes,
              absl::AnyInvocable<void(const absl::Status&) &&> done) override;
  void Receive(const perdure::engine::Message& message,
               Callback<perdure::engine::MessageAnswer> done) override;
  static void WhenDurable(const RunPtr& run, absl::StatusOr<perdure::engine::MessageAnswer> answer,
                          Callback<perdure::engine::MessageAnswer> done);
  // `run` is null when the target is not there.
  void DeliverTo(const RunPtr& run, const engine::Kind& kind, const perdure::engine::Message& message,
                 Callback<perdure::engine::MessageAnswer> done);

  // --- replies (host_replies.cc)
  void Answer(const RunPtr& run, absl::StatusOr<engine::ReplyPtr> reply, Callback<engine::ReplyPtr> done);
  // True when the first page of `wanted` is in place; false when the store must be read for it.
  bool FillFromMemory(const RunPtr& run, const engine::EventRange& wanted, engine::Reply& reply);
  void AnswerFromStore(const RunPtr& run, engine::ReplyPtr reply, Callback<engine::ReplyPtr> done);
  void AnswerPosition(const RunPtr& run, Callback<RunPosition> done);
  void OnWaitOver(const persistence::RunKey& key, Callback<RunPosition> done);
  void ReadPage(const persistence::RunKey& key, EventPageBuilder page, Callback<EventsPage> done);
  void OnPageRead(const persistence::RunKey& key, EventPageBuilder page, Callback<EventsPage> done,
                  absl::StatusOr<std::vector<persistence::HistoryRow>> rows);

  // --- Batcher::Host (host_commits.cc)
  void Seal(ResidentRun& run) override;
  void Landed(const RunPtr& run) override;
  void Refused(const CommitGroupPtr& group, const std::string& why) override;
  void Lost(const persistence::CommitResult& result, uint64_t batch) override;
  // What was decided on the run since it was durable is gone.
  void LoseNewest(const RunPtr& run);
  // The snapshot that the run should get now, unless its log is too short to be worth one.
  std::optional<std::string> WorthwhileSnapshot(ResidentRun& run, bool leaves) const;

  // --- retention (host_retention.cc)
  // The run's row says that it may go: it leaves memory and the store.
  void Retire(const RunPtr& run);
  void RemoveStored(const persistence::StoredRun& stored, std::vector<RunLoader::Loaded> calls,
                    std::vector<RunLoader::Loaded> wakes) override;
  void Remove(const persistence::StoredRun& stored, KnownWakes wakes, std::vector<RunLoader::Loaded> waiting);

  // --- memory and wakes (host_memory.cc)
  bool MayLoad(RunLoader::Urgency urgency) override;
  bool OnWakeRead(const persistence::WakeRow& wake) override;
  void OnWakeDue(const persistence::RunKey& run, absl::AnyInvocable<void(bool) &&> done) override;
  void ShrinkMemory();
  bool MayLeave(const ResidentRun& run) const;
  void StartLeaving(const RunPtr& run);
  // Whether an untouched run that leaves as it came is loaded again in time for what is to be done next.
  bool ComesBack(const ResidentRun& run) const;
  // Whether a row stands for what is to be done next for the run, beyond what matching has.
  bool NextHasRow(const ResidentRun& run) const;
  void Leave(const RunPtr& run);
  void WatchQuiet(ResidentRun& run);
  void ForgetQuiet(ResidentRun& run);
  void RaiseQuietWakes();
  void ArmQuietTimer(absl::Duration wait);

  const World world_;
  const uint32_t writer_id_;
  const std::vector<ShardId> shards_;
  const HistoryOptions options_;
  HostMetrics metrics_;
  // One a kind, in the order of World::kinds.
  std::vector<std::unique_ptr<StepObserver>> observers_;
  Admission admission_;  // before the session, whose callbacks hold tickets
  const std::unique_ptr<persistence::Session> session_;
  RunCache cache_;
  RunLoader loader_;
  Batcher batcher_;
  Retention retention_;
  ObligationsKeeper keeper_;
  WakeHorizon horizon_;
  EventWaiters waiters_;

  Phase phase_ = Phase::kNew;
  absl::AnyInvocable<void() &&> on_first_serving_;
  Executor::TimerId fence_timer_ = Executor::kNoTimer;
  absl::Duration fence_backoff_;
  absl::Duration fence_said_at_ = -absl::InfiniteDuration();
  // Of the lease, under which what is in memory was read; and of a fence that is under way.
  uint64_t hold_ = 0;
  uint64_t fencing_hold_ = 0;
  bool anew_posted_ = false;
  // The connection was lost, and the writer's row has not been asked since.
  bool in_doubt_ = false;
  uint64_t doubts_ = 0;  // answers to older questions count for nothing
  // The newest batch that this host knows to have landed, over all its epochs; and one whose outcome is
  // unknown.
  uint64_t known_batch_ = 0;
  uint64_t unknown_batch_ = 0;

  // Runs on whose husk a call works; an abandoned one's callbacks know themselves by the generation.
  absl::flat_hash_set<persistence::RunKey> salvaging_;
  uint64_t salvage_generation_ = 0;

  std::shared_ptr<const NamespaceSnapshot> namespaces_;
  // Settings of namespaces that were removed while entities of theirs were left.
  absl::flat_hash_map<Uuid, std::unique_ptr<const engine::NamespaceSettings>> removed_namespaces_;
  const NamespaceNames names_;
  MessageOutbox outbox_;
  MessageArrivals arrivals_;
  // Runs of which the store refused something: how often in a row, and until when their timers wait.
  struct Refusals {
    int count = 0;
    absl::Time until;
  };
  absl::flat_hash_map<persistence::RunKey, Refusals> refusals_;
  // A commit has landed since the last load for which memory had no room: for calls, for wakes.
  bool call_turn_ = false;
  bool wake_turn_ = false;
  // Runs whose stored wake lags, in order of their last touch.
  std::list<ResidentRun*> quiet_;
  Executor::TimerId quiet_timer_ = Executor::kNoTimer;
};

}  // namespace perdure::server
