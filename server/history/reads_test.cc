// Readers: pages, waiting for events, and what a worker is shown.
#include <catch2/catch.hpp>

#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::TestNode;
namespace workflow = engine::workflow;
namespace enums = temporal::api::enums::v1;

void SignalMany(TestNode& node, int count, size_t bytes = 1) {
  for (int i = 0; i < count; ++i) {
    workflow::Signal signal = node.SignalRequest("wf", "s" + std::to_string(i));
    signal.request.mutable_input()->add_payloads()->set_data(std::string(bytes, 'x'));
    REQUIRE(node.Execute(node.Ref("wf"), signal).ok());
  }
}

testing::Awaited<EventsPage> Read(TestNode& node, int64_t from, int64_t to, size_t max_events, bool reverse) {
  EventsQuery query;
  query.run = {node.namespace_id(), "wf", node.Position("wf")->run_id};
  query.from_event_id = from;
  query.to_event_id = to;
  query.max_events = max_events;
  query.max_bytes = 1 << 20;
  query.reverse = reverse;
  testing::Awaited<EventsPage> page;
  node.history().ReadEvents(query, page.Answer());
  node.Run();
  return page;
}

std::vector<int64_t> Ids(const EventsPage& page) {
  testing::History history;
  REQUIRE(history.ParseFromString(page.events));
  std::vector<int64_t> ids;
  for (const auto& event : history.events()) ids.push_back(event.event_id());
  CHECK(static_cast<int64_t>(ids.size()) == page.count);
  return ids;
}

TEST_CASE("pages of a history come from memory and from the store alike") {
  TestNode::Options options;
  options.history.tail_bytes = GENERATE(size_t{0}, size_t{1000}, size_t{100'000});
  TestNode node(options);
  REQUIRE(node.Start("wf").ok());
  SignalMany(node, 10);
  for (const size_t page_events : {1, 3, 5, 100}) CHECK(node.Read("wf", page_events).events_size() == 12);

  const auto middle = Read(node, 4, 9, 3, false);
  CHECK(Ids(*middle.Get()) == std::vector<int64_t>{4, 5, 6});
  CHECK(middle.Get()->next == 7);
  const auto last = Read(node, 7, 9, 3, false);
  CHECK(Ids(*last.Get()) == std::vector<int64_t>{7, 8});
  CHECK(last.Get()->next == 0);

  const auto newest = Read(node, 1, 13, 5, true);
  CHECK(Ids(*newest.Get()) == std::vector<int64_t>{12, 11, 10, 9, 8});
  CHECK(newest.Get()->next == 8);
  const auto oldest = Read(node, 1, 8, 100, true);
  CHECK(Ids(*oldest.Get()) == std::vector<int64_t>{7, 6, 5, 4, 3, 2, 1});
  CHECK(oldest.Get()->next == 0);
}

TEST_CASE("one event is answered however large it is") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  SignalMany(node, 2, 1 << 20);
  EventsQuery query;
  query.run = {node.namespace_id(), "wf", node.Position("wf")->run_id};
  query.from_event_id = 3;
  query.to_event_id = 5;
  query.max_events = 10;
  query.max_bytes = 10;
  testing::Awaited<EventsPage> page;
  node.history().ReadEvents(query, page.Answer());
  node.Run();
  CHECK(Ids(*page.Get()) == std::vector<int64_t>{3});
  CHECK(page.Get()->next == 4);
}

TEST_CASE("a wait for events ends with the event, with the close, or with its time") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  const auto event = node.WaitLater(node.Ref("wf"), 3, absl::Seconds(20));
  const auto close = node.WaitLater(node.Ref("wf"), 1'000'000, absl::Seconds(20));
  const auto timeout = node.WaitLater(node.Ref("wf"), 1'000'000, absl::Seconds(5));
  node.Run();
  CHECK(!event.Came());
  REQUIRE(node.Signal("wf", "s").ok());
  REQUIRE(event.Came());
  CHECK(event.Get()->next_event_id == 4);
  CHECK(event.Get()->open);
  node.Advance(absl::Seconds(5));
  REQUIRE(timeout.Came());
  CHECK(timeout.Get()->next_event_id == 4);
  CHECK(!close.Came());
  REQUIRE(node.CompleteRun(node.PollWorkflow()).ok());
  REQUIRE(close.Came());
  CHECK(!close.Get()->open);
}

TEST_CASE("a wait outlives its run's stay in memory") {
  TestNode::Options options;
  options.history.resident_bytes = 1;
  TestNode node(options);
  REQUIRE(node.Start("wf").ok());
  const auto event = node.WaitLater(node.Ref("wf"), 3, absl::Seconds(20));
  const auto timeout = node.WaitLater(node.Ref("wf"), 100, absl::Seconds(10));
  node.Run();
  CHECK(node.history().host(0).resident_runs() + node.history().host(1).resident_runs() <= 1);
  REQUIRE(node.Signal("wf", "s").ok());
  CHECK(event.Came());
  node.Advance(absl::Seconds(10));
  CHECK(timeout.Get()->next_event_id == 4);
}

TEST_CASE("a wait that is called off is answered, and is none any more") {
  TestNode::Options options;
  options.history.resident_bytes = 1;  // the second wait begins with a read
  TestNode node(options);
  REQUIRE(node.Start("wf").ok());
  for (const bool while_it_is_read : {false, true}) {
    testing::Awaited<RunPosition> position;
    const uint64_t wait =
        node.history().WaitForEvents(node.Ref("wf"), 100, absl::Seconds(20), position.Answer());
    if (!while_it_is_read) node.Run();
    CHECK(!position.Came());
    node.history().CancelWait(wait);
    node.Run();
    REQUIRE(position.Came());
    CHECK(absl::IsCancelled(position.Get().status()));
    for (const char* executor : {"1", "2"}) {
      CHECK_THAT(node.MetricsText(),
                 Catch::Contains("perdure_event_waiters{executor=\"" + std::string(executor) + "\"} 0"));
    }
    node.history().CancelWait(wait);  // harmless
    node.Run();
  }
}

TEST_CASE("a started workflow task that a reader was shown survives a crash") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  const auto task = node.PollWorkflow();
  CHECK(node.Events("wf") == "WORKFLOW_EXECUTION_STARTED WORKFLOW_TASK_SCHEDULED WORKFLOW_TASK_STARTED");
  node.Crash();
  node.Restart();
  REQUIRE(node.CompleteRun(task).ok());
}

TEST_CASE("a worker gets a long history in pages, and its start is durable before") {
  TestNode::Options options;
  options.history.tail_bytes = GENERATE(size_t{0}, size_t{10'000'000});
  TestNode node(options);
  REQUIRE(node.Start("wf").ok());
  SignalMany(node, 300);
  const auto task = node.PollWorkflow();
  CHECK(task.next_page_from == 257);
  CHECK(task.history_to == 303);
  CHECK(task.tail.empty());
  testing::History first;
  REQUIRE(first.ParseFromString(task.history));
  CHECK(first.events_size() == 256);
  node.Crash();
  node.Restart();
  const auto rest = Read(node, task.next_page_from, task.history_to + 1, 256, false);
  CHECK(Ids(*rest.Get()).size() == 47);
  CHECK(rest.Get()->next == 0);
  REQUIRE(node.CompleteRun(task).ok());
}

TEST_CASE("a history of few but large events is paged by bytes") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  SignalMany(node, 4, 1'000'000);
  const auto task = node.PollWorkflow();
  CHECK(task.next_page_from == 5);
}

TEST_CASE("a sticky poll gets the events after its last task only") {
  TestNode node;
  REQUIRE(node.Start("wf").ok());
  const auto first = node.PollWorkflow();
  const auto sticky = node.PollWorkflowLater("sticky", "queue");
  workflow::CompleteWorkflowTask completion = node.Completion(first);
  completion.request.mutable_sticky_attributes()->mutable_worker_task_queue()->set_name("sticky");
  completion.request.mutable_sticky_attributes()->mutable_worker_task_queue()->set_kind(
      enums::TASK_QUEUE_KIND_STICKY);
  completion.request.mutable_sticky_attributes()->mutable_worker_task_queue()->set_normal_name("queue");
  completion.request.mutable_sticky_attributes()->mutable_schedule_to_start_timeout()->set_seconds(5);
  REQUIRE(node.Complete(completion).ok());
  REQUIRE(node.Signal("wf", "s").ok());
  REQUIRE(sticky.Came());
  const auto& task = std::get<workflow::WorkflowTaskReply>(sticky.Get()->task);
  testing::History history;
  REQUIRE(history.ParseFromString(task.history + task.tail));
  CHECK(history.events(0).event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
  REQUIRE(node.CompleteRun(task).ok());
}

}  // namespace
}  // namespace perdure::server
