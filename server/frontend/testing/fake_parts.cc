#include "server/frontend/testing/fake_parts.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "server/frontend/namespaces.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::server::testing {

std::string FakeHistory::Event(int64_t id) {
  temporal::api::history::v1::History history;
  history.add_events()->set_event_id(id);
  return history.SerializeAsString();
}

void FakeHistory::Start(const Uuid&, KindNumber, std::unique_ptr<engine::StartRequest> request,
                        Callback<engine::ReplyPtr> done) {
  starts.push_back(dynamic_cast<const engine::workflow::WorkflowStartRequest&>(*request).request());
  std::move(done)(std::make_unique<engine::workflow::WorkflowReply>(engine::workflow::StartReply()));
}

void FakeHistory::Execute(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  absl::StatusOr<engine::workflow::Reply> reply =
      execute(run, dynamic_cast<const engine::workflow::WorkflowRequest&>(*request).request());
  if (!reply.ok()) return std::move(done)(reply.status());
  std::move(done)(std::make_unique<engine::workflow::WorkflowReply>(*std::move(reply)));
}

void FakeHistory::Read(EntityRef, engine::RequestPtr, Callback<engine::ReplyPtr> done) {
  std::move(done)(std::make_unique<engine::workflow::DescribeReply>(
      engine::workflow::api::DescribeWorkflowExecutionResponse()));
}

uint64_t FakeHistory::Ask(EntityRef run, engine::RequestPtr request, absl::Duration max_wait,
                          Callback<engine::ReplyPtr> done) {
  if (ask) {
    std::move(done)(
        ask(run, dynamic_cast<const engine::workflow::WorkflowRequest&>(*request).request(), max_wait));
  }
  return ++last_wait;
}

uint64_t FakeMatching::Query(QueryTask query, Callback<QueryAnswer> done) {
  queries.push_back(std::move(query));
  asked.push_back(std::move(done));
  return queries.size();
}

void FakeMatching::AnswerQuery(QueryTaskToken token,
                               engine::workflow::api::RespondQueryTaskCompletedRequest answer,
                               Callback<std::monostate> done) {
  answered.push_back(std::move(token));
  query_answers.push_back(std::move(answer));
  std::move(done)(std::monostate());
}

uint64_t FakeHistory::WaitForEvents(RunRef, int64_t from_event_id, absl::Duration max_wait,
                                    Callback<RunPosition> done) {
  const uint64_t id = ++last_wait;
  const bool there = !position.open || position.next_event_id > from_event_id;
  if (!there && max_wait > absl::ZeroDuration()) {
    waiting.push_back(std::move(done));
  } else {
    std::move(done)(position);
  }
  return id;
}

void FakeHistory::ReadEvents(EventsQuery query, Callback<EventsPage> done) {
  const auto limit = static_cast<int64_t>(std::min(query.max_events, page_events));
  EventsPage page;
  int64_t id = query.reverse ? query.to_event_id - 1 : query.from_event_id;
  for (; id >= query.from_event_id && id < query.to_event_id && page.count < limit;
       id += query.reverse ? -1 : 1) {
    page.events += Event(id);
    ++page.count;
  }
  if (id >= query.from_event_id && id < query.to_event_id) page.next = query.reverse ? id + 1 : id;
  std::move(done)(std::move(page));
}

uint64_t FakeMatching::StartPoll(Poll poll, Callback<PolledTask> done) {
  const MutexLock lock(mutex_);
  last_poll_ = std::move(poll);
  waiting_.emplace(++polls_, std::move(done));
  return polls_;
}

void FakeMatching::CancelPoll(uint64_t poll) {
  Callback<PolledTask> done;
  {
    const MutexLock lock(mutex_);
    const auto found = waiting_.find(poll);
    if (found == waiting_.end()) return;
    done = std::move(found->second);
    waiting_.erase(found);
    ++cancelled_;
  }
  std::move(done)(PolledTask());
}

void FakeMatching::Describe(QueueKey queue, Callback<QueueDescription> done) {
  std::move(done)(queues[queue.kind]);
}

Callback<PolledTask> FakeMatching::Take() {
  const MutexLock lock(mutex_);
  PERDURE_CHECK(waiting_.size() == 1, "one poll waits");
  Callback<PolledTask> done = std::move(waiting_.begin()->second);
  waiting_.clear();
  return done;
}

std::optional<absl::Duration> FakeMatching::LastWait() {
  const MutexLock lock(mutex_);
  if (!last_poll_) return std::nullopt;
  return last_poll_->wait;
}

Poll FakeMatching::LastPoll() {
  const MutexLock lock(mutex_);
  PERDURE_CHECK(last_poll_.has_value(), "no poll has come");
  return *last_poll_;
}

int FakeMatching::cancelled() {
  const MutexLock lock(mutex_);
  return cancelled_;
}

FakeNamespaces::FakeNamespaces()
    : random_(NewSeededRandom(2)), snapshot_(std::make_shared<NamespaceSnapshot>()) {
  Add("default", temporal::api::enums::v1::NAMESPACE_STATE_REGISTERED);
}

NamespacePtr FakeNamespaces::Add(const std::string& name, temporal::api::enums::v1::NamespaceState state) {
  google::protobuf::Duration retention;
  retention.set_seconds(86400);
  NamespaceRecord record = NewNamespaceRecord(name, "active", retention);
  record.mutable_info()->set_state(state);
  return Put(Uuid::Mint(*random_), std::move(record));
}

NamespacePtr FakeNamespaces::Put(Uuid id, NamespaceRecord record) {
  record.mutable_info()->set_id(id.ToString());
  auto name_space = std::make_shared<Namespace>();
  name_space->id = id;
  name_space->settings.name = record.info().name();
  static const auto of_all = std::make_shared<const engine::SearchAttributeTypes>(
      engine::SearchAttributeTypes{{"Colour", temporal::api::enums::v1::INDEXED_VALUE_TYPE_KEYWORD}});
  name_space->settings.search_attributes = SearchAttributesOf(record, of_all);
  name_space->settings.leaving = record.has_deletion();
  name_space->record = std::move(record);
  auto snapshot = std::make_shared<NamespaceSnapshot>(*snapshot_);
  snapshot->Put(name_space);
  snapshot_ = std::move(snapshot);
  return name_space;
}

void FakeNamespaces::Register(NamespaceRecord record, persistence::Callback<NamespacePtr> done) {
  std::move(done)(Put(Uuid::Mint(*random_), std::move(record)));
}

void FakeNamespaces::Update(std::string name, std::function<absl::Status(NamespaceRecord&)> change,
                            persistence::Callback<NamespacePtr> done) {
  const auto found = ByName(name);
  if (!found.ok()) return std::move(done)(found.status());
  NamespaceRecord record = (*found)->record;
  const absl::Status allowed = change(record);
  if (!allowed.ok()) return std::move(done)(allowed);
  std::move(done)(Put((*found)->id, std::move(record)));
}

void FakeNamespaces::Remove(NamespacePtr name_space, persistence::Callback<bool> done) {
  auto snapshot = std::make_shared<NamespaceSnapshot>(*snapshot_);
  snapshot->Remove(name_space->id);
  snapshot_ = std::move(snapshot);
  std::move(done)(true);
}

void FakeVisibility::List(persistence::VisibilityQuery query,
                          persistence::Callback<persistence::VisibilityPage> done) {
  asked.push_back(std::move(query));
  std::move(done)(page);
}

void FakeVisibility::Count(persistence::VisibilityQuery query,
                           persistence::Callback<std::vector<persistence::CountGroup>> done) {
  asked.push_back(std::move(query));
  std::move(done)(groups);
}

void FakeNode::OnAnswered(const Method&, const NamespacePtr&, const absl::Status& status, absl::Duration) {
  const MutexLock lock(mutex_);
  answers_.push_back(status);
}

std::vector<absl::Status> FakeNode::Answers() {
  const MutexLock lock(mutex_);
  return answers_;
}

std::string FakeNode::Token(const std::string& workflow_id, const Uuid& run) const {
  TaskToken token;
  token.set_namespace_id(std::string(default_namespace->id.View()));
  token.set_workflow_id(workflow_id);
  token.set_run_id(std::string(run.View()));
  return tokens.Seal(TokenKind::kTask, token);
}

}  // namespace perdure::server::testing
