#include "server/history/testing/test_node.h"

#include <utility>

#include "base/check.h"
#include "base/time.h"

namespace perdure::server::testing {

namespace enums = temporal::api::enums::v1;
namespace command = temporal::api::command::v1;

OneNamespace::OneNamespace() : id_(*Uuid::Parse("11111111-2222-4333-8444-555555555555")) {
  auto space = std::make_shared<Namespace>();
  space->id = id_;
  space->version = 1;
  space->settings.id = id_;
  space->settings.name = "default";
  auto snapshot = std::make_shared<NamespaceSnapshot>();
  snapshot->Put(space);
  snapshot_ = std::move(snapshot);
}

void OneNamespace::Register(NamespaceRecord, persistence::Callback<NamespacePtr>) {
  PERDURE_CHECK(false, "tests of history have one namespace");
}
void OneNamespace::Update(std::string, std::function<absl::Status(NamespaceRecord&)>,
                          persistence::Callback<NamespacePtr>) {
  PERDURE_CHECK(false, "tests of history have one namespace");
}
void OneNamespace::Remove(NamespacePtr, persistence::Callback<bool> done) {
  snapshot_ = std::make_shared<NamespaceSnapshot>();
  std::move(done)(true);
}

void OneNamespace::BeginDeletion(absl::Time at) {
  auto space = std::make_shared<Namespace>(**snapshot_->by_id.Find(id_));
  *space->record.mutable_deletion()->mutable_at() = ToProto(at);
  space->settings.leaving = true;
  auto snapshot = std::make_shared<NamespaceSnapshot>();
  snapshot->Put(std::move(space));
  snapshot_ = std::move(snapshot);
}

namespace {

std::vector<EntityKind> WithWorkflows(std::vector<EntityKind> kinds) {
  kinds.insert(kinds.begin(), WorkflowLine());
  return kinds;
}

}  // namespace

TestNode::TestNode(Options options)
    : options_(std::move(options)),
      time_(1),
      matching_executor_(time_),
      kinds_(WithWorkflows(options_.kinds)) {
  options_.history.check_fold = true;
  for (size_t i = 0; i < options_.executors; ++i)
    executors_.push_back(std::make_unique<ManualExecutor>(time_));
  if (options_.rows != nullptr) {
    refusing_ = std::make_unique<RefusingStore>(*options_.rows);
  } else {
    persistence::MemoryStoreOptions store;
    store.faults = options_.faults;
    store.remembered_transactions = options_.remembered_transactions;
    store_ = persistence::NewMemoryStore(store);
    refusing_ = std::make_unique<RefusingStore>(*store_);
  }
  Restart();
}

TestNode::~TestNode() { Crash(); }

void TestNode::Crash() {
  for (const auto& executor : executors_) executor->DropEverything();
  matching_executor_.DropEverything();
  matching_.reset();
  history_.reset();
  for (const auto& executor : executors_) executor->DropEverything();
  matching_executor_.DropEverything();
}

void TestNode::Restart() {
  if (options_.rows != nullptr) options_.rows->Reopen();
  std::vector<Executor*> executors;
  for (const auto& executor : executors_) executors.push_back(executor.get());
  metrics_ = std::make_unique<PrometheusMetrics>([this] { return time_.wall(); });
  history_ = std::make_unique<NodeHistory>(
      NodeHistory::World{*refusing_, namespaces_, lease_, *metrics_, kinds_, options_.carrier}, executors, 1,
      options_.history);
  matching_ = std::make_unique<NodeMatching>(matching_executor_, *history_, namespaces_, *metrics_,
                                             options_.matching);
  history_->Serve(*matching_, [] {});
  time_.RunUntilIdle();
}

workflow::api::StartWorkflowExecutionRequest TestNode::StartRequest(const std::string& workflow_id) {
  workflow::api::StartWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.set_workflow_id(workflow_id);
  request.mutable_workflow_type()->set_name("type");
  request.mutable_task_queue()->set_name("queue");
  request.set_identity("client");
  request.set_request_id(Uuid::Mint(time_.random()).ToString());
  return request;
}

Awaited<workflow::StartReply> TestNode::StartLater(workflow::api::StartWorkflowExecutionRequest request) {
  Awaited<workflow::StartReply> reply;
  workflows().Start(namespace_id(), std::move(request), reply.Answer());
  return reply;
}

absl::StatusOr<workflow::StartReply> TestNode::Start(workflow::api::StartWorkflowExecutionRequest request) {
  const auto reply = StartLater(std::move(request));
  Run();
  return reply.Get();
}

Awaited<workflow::Reply> TestNode::ExecuteLater(const RunRef& run, workflow::Request request) {
  Awaited<workflow::Reply> reply;
  workflows().Execute(run, std::move(request), reply.Answer());
  return reply;
}

absl::StatusOr<workflow::Reply> TestNode::Execute(const RunRef& run, workflow::Request request) {
  const auto reply = ExecuteLater(run, std::move(request));
  Run();
  return reply.Get();
}

workflow::Signal TestNode::SignalRequest(const std::string& workflow_id, const std::string& name) {
  workflow::Signal signal;
  signal.request.set_namespace_("default");
  signal.request.mutable_workflow_execution()->set_workflow_id(workflow_id);
  signal.request.set_signal_name(name);
  signal.request.set_request_id(Uuid::Mint(time_.random()).ToString());
  return signal;
}

absl::Status TestNode::Signal(const std::string& workflow_id, const std::string& name) {
  return Execute(Ref(workflow_id), SignalRequest(workflow_id, name)).status();
}

absl::StatusOr<workflow::api::DescribeWorkflowExecutionResponse> TestNode::Describe(
    const std::string& workflow_id) {
  Awaited<workflow::api::DescribeWorkflowExecutionResponse> reply;
  workflows().Describe(Ref(workflow_id), reply.Answer());
  Run();
  return reply.Get();
}

Awaited<RunPosition> TestNode::WaitLater(const RunRef& run, int64_t from_event_id, absl::Duration max_wait) {
  Awaited<RunPosition> reply;
  history_->WaitForEvents(run, from_event_id, max_wait, reply.Answer());
  return reply;
}

absl::StatusOr<RunPosition> TestNode::Position(const std::string& workflow_id) {
  const auto reply = WaitLater(Ref(workflow_id), 1, absl::ZeroDuration());
  Run();
  return reply.Get();
}

History TestNode::Read(const std::string& workflow_id, size_t page_events) {
  const RunPosition position = *Position(workflow_id);
  EventsQuery query;
  query.run = {namespace_id(), workflow_id, position.run_id};
  query.to_event_id = position.next_event_id;
  query.max_events = page_events;
  query.max_bytes = 1 << 20;
  std::string all;
  while (query.from_event_id != 0) {
    Awaited<EventsPage> page;
    history_->ReadEvents(query, page.Answer());
    Run();
    PERDURE_CHECK(page.Get().ok(), "a page of the history was not answered");
    all += page.Get()->events;
    query.from_event_id = page.Get()->next;
  }
  History history;
  PERDURE_CHECK(history.ParseFromString(all), "the history's bytes are malformed");
  return history;
}

std::string TestNode::Events(const std::string& workflow_id) {
  const History history = Read(workflow_id);
  std::string names;
  int64_t id = 0;
  for (const auto& event : history.events()) {
    PERDURE_CHECK(event.event_id() == ++id, "a history has no gaps");
    std::string name = enums::EventType_Name(event.event_type()).substr(std::string("EVENT_TYPE_").size());
    names += (names.empty() ? "" : " ") + name;
  }
  return names;
}

Awaited<PolledTask> TestNode::PollWorkflowLater(const std::string& queue, const std::string& sticky_of) {
  WorkflowPoll poll;
  poll.request.set_namespace_("default");
  poll.request.mutable_task_queue()->set_name(queue);
  if (!sticky_of.empty()) {
    poll.request.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_STICKY);
    poll.request.mutable_task_queue()->set_normal_name(sticky_of);
  }
  poll.request.set_identity("worker");
  Awaited<PolledTask> reply;
  matching_->StartPoll({namespace_id(), std::move(poll), absl::Seconds(60)}, reply.Answer());
  return reply;
}

Awaited<PolledTask> TestNode::PollActivityLater(const std::string& queue) {
  ActivityPoll poll;
  poll.request.set_namespace_("default");
  poll.request.mutable_task_queue()->set_name(queue);
  poll.request.set_identity("worker");
  Awaited<PolledTask> reply;
  matching_->StartPoll({namespace_id(), std::move(poll), absl::Seconds(60)}, reply.Answer());
  return reply;
}

workflow::WorkflowTaskReply TestNode::PollWorkflow(const std::string& queue, const std::string& sticky_of) {
  const auto reply = PollWorkflowLater(queue, sticky_of);
  Run();
  const auto* task = std::get_if<workflow::WorkflowTaskReply>(&reply.Get()->task);
  PERDURE_CHECK(task != nullptr, "no workflow task came");
  return *task;
}

workflow::ActivityTaskReply TestNode::PollActivity(const std::string& queue) {
  const auto reply = PollActivityLater(queue);
  Run();
  const auto* task = std::get_if<workflow::ActivityTaskReply>(&reply.Get()->task);
  PERDURE_CHECK(task != nullptr, "no activity task came");
  return *task;
}

workflow::CompleteWorkflowTask TestNode::Completion(const workflow::WorkflowTaskReply& task) {
  workflow::CompleteWorkflowTask completion;
  completion.token = task.token;
  completion.request.set_namespace_("default");
  completion.request.set_identity("worker");
  return completion;
}

absl::StatusOr<workflow::Reply> TestNode::Complete(const workflow::CompleteWorkflowTask& completion) {
  return Execute({namespace_id(), completion.token.workflow_id(), Uuid::FromBytes(completion.token.run_id())},
                 completion);
}

void AddActivityCommand(workflow::CompleteWorkflowTask& completion, const std::string& activity_id) {
  command::Command& added = *completion.request.add_commands();
  added.set_command_type(enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
  auto& activity = *added.mutable_schedule_activity_task_command_attributes();
  activity.set_activity_id(activity_id);
  activity.mutable_activity_type()->set_name("activity type");
  activity.mutable_task_queue()->set_name("queue");
  *activity.mutable_start_to_close_timeout() = ToProto(absl::Seconds(10));
}

void AddCompleteCommand(workflow::CompleteWorkflowTask& completion) {
  command::Command& added = *completion.request.add_commands();
  added.set_command_type(enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
  added.mutable_complete_workflow_execution_command_attributes();
}

absl::StatusOr<workflow::Reply> TestNode::CompleteWithActivity(const workflow::WorkflowTaskReply& task,
                                                               const std::string& activity_id) {
  workflow::CompleteWorkflowTask completion = Completion(task);
  AddActivityCommand(completion, activity_id);
  return Complete(completion);
}

absl::StatusOr<workflow::Reply> TestNode::CompleteWithTimer(const workflow::WorkflowTaskReply& task,
                                                            absl::Duration after) {
  workflow::CompleteWorkflowTask completion = Completion(task);
  command::Command& added = *completion.request.add_commands();
  added.set_command_type(enums::COMMAND_TYPE_START_TIMER);
  added.mutable_start_timer_command_attributes()->set_timer_id("timer");
  *added.mutable_start_timer_command_attributes()->mutable_start_to_fire_timeout() = ToProto(after);
  return Complete(completion);
}

absl::StatusOr<workflow::Reply> TestNode::CompleteRun(const workflow::WorkflowTaskReply& task) {
  workflow::CompleteWorkflowTask completion = Completion(task);
  AddCompleteCommand(completion);
  return Complete(completion);
}

absl::StatusOr<workflow::Reply> TestNode::CompleteActivity(const workflow::ActivityTaskReply& task) {
  workflow::CompleteActivity completion;
  completion.token = task.token;
  completion.request.set_namespace_("default");
  completion.request.set_identity("worker");
  return Execute({namespace_id(), task.token.workflow_id(), Uuid::FromBytes(task.token.run_id())},
                 completion);
}

}  // namespace perdure::server::testing
