// What the frontend's tests put in place of history, matching, namespaces and visibility: each remembers what
// it was asked and answers what the test says. All on the calling thread; not thread-safe unless said.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/mutex.h"
#include "server/frontend/frontend.h"
#include "server/frontend/method_table.h"

namespace perdure::server::testing {

// One run with events 1 to `events`, each of which is the framed event of that id.
class FakeHistory final : public History {
 public:
  RunPosition position;
  size_t page_events = 1000;  // of a ReadEvents, at most
  std::function<absl::StatusOr<engine::workflow::Reply>(const RunRef&, const engine::workflow::Request&)>
      execute;
  std::vector<engine::workflow::api::StartWorkflowExecutionRequest> starts;
  std::vector<Callback<RunPosition>> waiting;  // those that wait for an event, unanswered
  std::vector<uint64_t> cancelled_waits;
  uint64_t last_wait = 0;

  static std::string Event(int64_t id);

  void Start(const Uuid& namespace_id, KindNumber kind, std::unique_ptr<engine::StartRequest> request,
             Callback<engine::ReplyPtr> done) override;
  void Execute(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) override;
  void Read(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) override;
  void Deliver(perdure::engine::Delivery, Callback<perdure::engine::DeliveryAnswers> done) override {
    std::move(done)(perdure::engine::DeliveryAnswers());
  }
  // Answers what `ask` says at once; without it, nothing.
  uint64_t Ask(EntityRef run, engine::RequestPtr request, absl::Duration max_wait,
               Callback<engine::ReplyPtr> done) override;
  std::function<absl::StatusOr<engine::ReplyPtr>(const RunRef&, const engine::workflow::Request&,
                                                 absl::Duration max_wait)>
      ask;
  uint64_t WaitForEvents(RunRef run, int64_t from_event_id, absl::Duration max_wait,
                         Callback<RunPosition> done) override;
  void CancelWait(uint64_t wait) override { cancelled_waits.push_back(wait); }
  void ReadEvents(EventsQuery query, Callback<EventsPage> done) override;
  void Declined(Task) override {}
  void HasRoom(OwnerId, const QueueKey&, size_t) override {}
};

// Thread-safe: gRPC's threads call it.
class FakeMatching final : public Matching {
 public:
  void Offer(Task) override {}
  void Withdraw(const Task&) override {}
  void Backlogged(const QueueKey&, OwnerId, size_t) override {}

  uint64_t StartPoll(Poll poll, Callback<PolledTask> done) override;
  void CancelPoll(uint64_t poll) override;
  uint64_t Query(QueryTask query, Callback<QueryAnswer> done) override;
  void CancelQuery(uint64_t query) override { cancelled_queries.push_back(query); }
  void AnswerQuery(QueryTaskToken token, engine::workflow::api::RespondQueryTaskCompletedRequest answer,
                   Callback<std::monostate> done) override;
  // Of queries; on the calling thread alone.
  std::vector<QueryTask> queries;
  std::vector<Callback<QueryAnswer>> asked;  // those of `queries`, unanswered
  std::vector<uint64_t> cancelled_queries;
  std::vector<engine::workflow::api::RespondQueryTaskCompletedRequest> query_answers;
  std::vector<QueryTaskToken> answered;  // by those
  void Describe(QueueKey queue, Callback<QueueDescription> done) override;
  void ForgetStickyQueue(QueueKey queue) override { forgotten.push_back(queue.name); }
  void Drain() override {}

  // Takes the only poll that waits: it is being matched, and can be cancelled no more.
  Callback<PolledTask> Take();
  void Answer(PolledTask task) { Take()(std::move(task)); }
  std::optional<absl::Duration> LastWait();
  // REQUIRES: there was one.
  Poll LastPoll();
  int cancelled();

  std::vector<std::string> forgotten;
  absl::flat_hash_map<engine::TaskKind, QueueDescription> queues;  // what is told of any queue of that kind

 private:
  Mutex mutex_;
  std::optional<Poll> last_poll_ ABSL_GUARDED_BY(mutex_);
  uint64_t polls_ ABSL_GUARDED_BY(mutex_) = 0;
  int cancelled_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<uint64_t, Callback<PolledTask>> waiting_ ABSL_GUARDED_BY(mutex_);
};

class FakeNamespaces final : public NamespaceRegistry {
 public:
  FakeNamespaces();
  NamespacePtr Add(const std::string& name, temporal::api::enums::v1::NamespaceState state);

  std::shared_ptr<const NamespaceSnapshot> Snapshot() const override { return snapshot_; }
  void Register(NamespaceRecord record, persistence::Callback<NamespacePtr> done) override;
  void Update(std::string name, std::function<absl::Status(NamespaceRecord&)> change,
              persistence::Callback<NamespacePtr> done) override;
  void Remove(NamespacePtr name_space, persistence::Callback<bool> done) override;

 private:
  NamespacePtr Put(Uuid id, NamespaceRecord record);
  std::unique_ptr<Random> random_;
  std::shared_ptr<const NamespaceSnapshot> snapshot_;
};

class FakeVisibility final : public Visibility {
 public:
  persistence::VisibilityPage page;
  std::vector<persistence::CountGroup> groups;
  std::vector<persistence::VisibilityQuery> asked;

  void List(persistence::VisibilityQuery query,
            persistence::Callback<persistence::VisibilityPage> done) override;
  void Count(persistence::VisibilityQuery query,
             persistence::Callback<std::vector<persistence::CountGroup>> done) override;
};

// A frontend over fakes, with the namespace "default".
struct FakeNode final : public CallObserver {
  EventLoop loop{"test"};
  FakeHistory history;
  FakeMatching matching;
  FakeNamespaces namespaces;
  FakeVisibility visibility;
  WorkerRegistry workers;
  TokenSealer tokens{"key"};
  IdMinter ids{NewSeededRandom(1)};
  MethodTable methods;
  NamespacePtr default_namespace = *namespaces.ByName("default");
  Frontend frontend{
      .history = history,
      .matching = matching,
      .namespaces = namespaces,
      .visibility = visibility,
      .workers = workers,
      .tokens = tokens,
      .executor = loop,
      .ids = ids,
      .info = {.version = "1.32.0", .cluster_id = "id", .cluster_name = "active", .store = "memory"},
      .search_attributes = {{"Colour", temporal::api::enums::v1::INDEXED_VALUE_TYPE_KEYWORD}}};

  // Thread-safe, as gRPC's threads call it.
  void OnAnswered(const Method&, const NamespacePtr&, const absl::Status& status, absl::Duration) override;
  // How the calls were answered so far.
  std::vector<absl::Status> Answers();

  // A task token of the run `run` in the default namespace.
  std::string Token(const std::string& workflow_id, const Uuid& run) const;

 private:
  Mutex mutex_;
  std::vector<absl::Status> answers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server::testing
