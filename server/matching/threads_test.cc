// History and matching on real threads: many workflows at once, each finishes once. For the thread sanitizer
// above all.
#include <atomic>
#include <catch2/catch.hpp>
#include <vector>

#include "base/event_loop.h"
#include "base/notification.h"
#include "base/time.h"
#include "persistence/memory/memory_store.h"
#include "server/history/testing/test_node.h"
#include "server/metrics/testing/null_metrics.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
namespace enums = temporal::api::enums::v1;

constexpr int kWorkflows = 200;
constexpr int kPollers = 8;

// Two loops of history and one of matching, or one of both, and clients that call from the loops' threads.
class Threads {
 public:
  explicit Threads(bool one_loop)
      : store_(persistence::NewMemoryStore({})),
        history_(NodeHistory::World{*store_, namespaces_, lease_, metrics_, kinds_},
                 one_loop ? std::vector<Executor*>{&loop_a_} : std::vector<Executor*>{&loop_a_, &loop_b_}, 1,
                 {}),
        matching_(one_loop ? loop_a_ : loop_c_, history_, namespaces_, metrics_) {
    Notification serving;
    history_.Serve(matching_, [&] { serving.Notify(); });
    serving.WaitForNotification();
  }
  ~Threads() {
    loop_c_.Stop();
    loop_a_.Stop();
    loop_b_.Stop();
  }

  void Start(int n) {
    workflow::api::StartWorkflowExecutionRequest request;
    request.set_workflow_id("wf" + std::to_string(n));
    request.set_request_id("start" + std::to_string(n));
    request.mutable_workflow_type()->set_name("type");
    request.mutable_task_queue()->set_name("queue");
    WorkflowHistory(history_).Start(namespaces_.id(), request,
                                    [this](const absl::StatusOr<workflow::StartReply>& reply) {
                                      if (reply.ok()) ++started_;
                                    });
  }

  void Poll() {
    WorkflowPoll poll;
    poll.request.mutable_task_queue()->set_name("queue");
    matching_.StartPoll({namespaces_.id(), poll, absl::Seconds(60)},
                        [this](absl::StatusOr<PolledTask> polled) {
                          if (!polled.ok() || draining_) return;
                          const auto* task = std::get_if<workflow::WorkflowTaskReply>(&polled->task);
                          if (task != nullptr) Complete(*task);
                          Poll();
                        });
  }

  void Drain() {
    draining_ = true;
    matching_.Drain();
    Notification stopped;
    history_.Stop([&] { stopped.Notify(); });
    stopped.WaitForNotification();
  }

  int started() const { return started_; }
  int completed() const { return completed_; }

 private:
  void Complete(const workflow::WorkflowTaskReply& task) {
    workflow::CompleteWorkflowTask completion;
    completion.token = task.token;
    testing::AddCompleteCommand(completion);
    WorkflowHistory(history_).Execute({namespaces_.id(), task.token.workflow_id(), std::nullopt}, completion,
                                      [this](const absl::StatusOr<workflow::Reply>& reply) {
                                        if (reply.ok()) ++completed_;
                                      });
  }

  testing::OneNamespace namespaces_;
  testing::SettableLease lease_;
  NullMetrics metrics_;
  const EntityKinds kinds_{{WorkflowLine()}};
  EventLoop loop_a_{"history-a"};
  EventLoop loop_b_{"history-b"};
  EventLoop loop_c_{"matching"};
  std::unique_ptr<persistence::MemoryStore> store_;
  NodeHistory history_;
  NodeMatching matching_;
  std::atomic<int> started_ = 0;
  std::atomic<int> completed_ = 0;
  std::atomic<bool> draining_ = false;
};

TEST_CASE("on real threads each workflow is started and finished once") {
  Threads threads(/*one_loop=*/GENERATE(false, true));
  for (int i = 0; i < kPollers; ++i) threads.Poll();
  for (int i = 0; i < kWorkflows; ++i) threads.Start(i);
  EventLoop clock("clock");
  Notification finished;
  std::function<void()> look = [&] {
    if (threads.completed() == kWorkflows) {
      finished.Notify();
    } else {
      clock.RunAfter(absl::Milliseconds(5), look);
    }
  };
  clock.Post(look);
  CHECK(finished.WaitForNotificationWithTimeout(absl::Seconds(60)));
  clock.Stop();
  threads.Drain();
  CHECK(threads.started() == kWorkflows);
  CHECK(threads.completed() == kWorkflows);
}

}  // namespace
}  // namespace perdure::server
