// A worker that chooses its next poll by the answers it has seen, as the Go and Java SDKs do, on a network
// that delivers answers in any order, with the real history behind matching: no task waits for the end of a
// long poll.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "base/event_loop.h"
#include "server/history/testing/test_node.h"
#include "temporal/api/enums/v1/task_queue.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
namespace workflow = engine::workflow;
using testing::TestNode;

constexpr int kWorkflows = 60;
constexpr absl::Duration kSlowest = absl::Milliseconds(5);  // of an answer, one way

// A worker with two pollers for workflow tasks and two for activities, and the client that keeps some
// workflows of one activity open.
class ClosedLoop {
 public:
  ClosedLoop(uint64_t seed, int at_once) : random_(NewSeededRandom(seed)) {
    for (int i = 0; i < 2; ++i) PollWorkflow();
    for (int i = 0; i < 2; ++i) PollActivity();
    for (int i = 0; i < at_once; ++i) StartNext();
  }
  ~ClosedLoop() { wire_.DropEverything(); }

  // False when time passes `limit` before every workflow is done.
  bool Run(absl::Duration limit) {
    node_.Run();
    while (done_ < kWorkflows && time_.monotonic() < limit) {
      if (!time_.RunNextTimer()) return false;
    }
    return done_ == kWorkflows;
  }

 private:
  // An answer on its way: others that leave later may come sooner.
  template <typename T>
  Callback<T> Deliver(Callback<T> done) {
    return [this, done = std::move(done)](absl::StatusOr<T> answer) mutable {
      wire_.Post([this, done = std::move(done), answer = std::move(answer)]() mutable {
        wire_.RunAfter(kSlowest * random_->Fraction(),
                       [done = std::move(done), answer = std::move(answer)]() mutable {
                         std::move(done)(std::move(answer));
                       });
      });
    };
  }

  void StartNext() {
    if (started_ == kWorkflows) return;
    node_.workflows().Start(node_.namespace_id(), node_.StartRequest("wf" + std::to_string(started_++)),
                            Deliver<workflow::StartReply>([](const auto& reply) { REQUIRE(reply.ok()); }));
  }

  // While the last hint seen of the sticky queue was above zero: the sticky queue alone; otherwise the queue
  // that fewer pollers wait on.
  void PollWorkflow() {
    const bool sticky = sticky_hint_ > 0 || sticky_polls_ <= normal_polls_;
    ++(sticky ? sticky_polls_ : normal_polls_);
    WorkflowPoll poll;
    poll.request.set_identity("worker");
    poll.request.mutable_task_queue()->set_name(sticky ? "sticky" : "queue");
    if (sticky) poll.request.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_STICKY);
    node_.matching().StartPoll({node_.namespace_id(), std::move(poll), absl::Seconds(60)},
                               Deliver<PolledTask>([this, sticky](absl::StatusOr<PolledTask> polled) {
                                 REQUIRE(polled.ok());
                                 OnWorkflowTask(std::get_if<workflow::WorkflowTaskReply>(&polled->task),
                                                sticky);
                                 // The other poller may see an answer between this one's answer and its next
                                 // poll.
                                 wire_.RunAfter(kSlowest * random_->Fraction(), [this, sticky] {
                                   --(sticky ? sticky_polls_ : normal_polls_);
                                   PollWorkflow();
                                 });
                               }));
  }

  void OnWorkflowTask(const workflow::WorkflowTaskReply* task, bool sticky) {
    if (sticky) sticky_hint_ = task == nullptr ? 0 : task->response.backlog_count_hint();
    if (task == nullptr) return;
    workflow::CompleteWorkflowTask completion = node_.Completion(*task);
    auto& attributes = *completion.request.mutable_sticky_attributes();
    attributes.mutable_worker_task_queue()->set_name("sticky");
    attributes.mutable_worker_task_queue()->set_kind(enums::TASK_QUEUE_KIND_STICKY);
    attributes.mutable_worker_task_queue()->set_normal_name("queue");
    attributes.mutable_schedule_to_start_timeout()->set_seconds(600);  // no timer helps a task that waits
    const bool last = !scheduled_.insert(task->token.workflow_id()).second;
    if (last) {
      testing::AddCompleteCommand(completion);
    } else {
      testing::AddActivityCommand(completion, "activity");
    }
    const RunRef run = node_.Ref(task->token.workflow_id());
    node_.workflows().Execute(run, std::move(completion),
                              Deliver<workflow::Reply>([this, last](const auto& reply) {
                                REQUIRE(reply.ok());
                                if (!last) return;
                                ++done_;
                                StartNext();
                              }));
  }

  void PollActivity() {
    ActivityPoll poll;
    poll.request.set_identity("worker");
    poll.request.mutable_task_queue()->set_name("queue");
    node_.matching().StartPoll(
        {node_.namespace_id(), std::move(poll), absl::Seconds(60)},
        Deliver<PolledTask>([this](absl::StatusOr<PolledTask> polled) {
          REQUIRE(polled.ok());
          if (const auto* task = std::get_if<workflow::ActivityTaskReply>(&polled->task)) {
            workflow::CompleteActivity completion;
            completion.token = task->token;
            node_.workflows().Execute(
                node_.Ref(task->token.workflow_id()), std::move(completion),
                Deliver<workflow::Reply>([](const auto& reply) { REQUIRE(reply.ok()); }));
          }
          PollActivity();
        }));
  }

  TestNode node_;
  VirtualTime& time_ = node_.time();
  const std::unique_ptr<Random> random_;
  ManualExecutor wire_{time_};
  int started_ = 0;
  int done_ = 0;
  std::set<std::string> scheduled_;  // workflows whose activity was scheduled
  int64_t sticky_hint_ = 0;
  int sticky_polls_ = 0;
  int normal_polls_ = 0;
};

TEST_CASE("answers of two pollers may cross: no task waits for the end of a long poll") {
  // kWorkflows take a second or two, a stall takes a minute.
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const int at_once = 2 + static_cast<int>(seed % 4);
    INFO("seed " << seed << ", " << at_once << " at once");
    CHECK(ClosedLoop(seed, at_once).Run(absl::Seconds(10)));
  }
}

}  // namespace
}  // namespace perdure::server
