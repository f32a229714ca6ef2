#include "server/history/admission.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/limits.h"
#include "server/history/testing/test_node.h"
#include "server/metrics/testing/null_metrics.h"

namespace perdure::server {
namespace {

TEST_CASE("calls beyond the bound are refused, workers' answers later") {
  NullMetrics metrics;
  Admission admission(metrics.gauge("", {}), metrics.gauge("", {}), metrics.counter("", {}));
  std::vector<Admission::Ticket> tickets;
  for (size_t i = 0; i < limits::kWaitingCalls; ++i) {
    tickets.push_back(*admission.Admit(Admission::Importance::kCall, 0));
  }
  CHECK(absl::IsResourceExhausted(admission.Admit(Admission::Importance::kCall, 0).status()));
  CHECK(admission.Admit(Admission::Importance::kAnswer, 0).ok());
  tickets.pop_back();
  CHECK(admission.Admit(Admission::Importance::kCall, 0).ok());
  CHECK(absl::IsResourceExhausted(
      admission.Admit(Admission::Importance::kCall, limits::kWaitingCallBytes + 1).status()));
  CHECK(admission.Admit(Admission::Importance::kAnswer, limits::kWaitingCallBytes + 1).ok());
}

class SlowStore final : public persistence::MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch&) override { return {CommitFault::kNone, delay, {}}; }
  absl::Duration delay;
};

TEST_CASE("with a slow store calls are refused before anything is done, and what was taken is done") {
  SlowStore slow;
  testing::TestNode::Options options;
  options.faults = &slow;
  options.executors = 1;
  testing::TestNode node(options);
  REQUIRE(node.Start("wf").ok());
  const auto task = node.PollWorkflow();
  slow.delay = absl::Seconds(5);
  std::vector<testing::Awaited<testing::workflow::StartReply>> starts;
  for (size_t i = 0; i <= limits::kWaitingCalls; ++i) {
    starts.push_back(node.StartLater(node.StartRequest("wf" + std::to_string(i))));
  }
  node.Run();
  const auto& refused = starts.back().Get().status();
  CHECK(absl::IsResourceExhausted(refused));
  testing::workflow::CompleteWorkflowTask completion = node.Completion(task);
  testing::AddCompleteCommand(completion);
  const auto answer = node.ExecuteLater(node.Ref("wf"), completion);
  node.Advance(absl::Minutes(2));
  CHECK(answer.Get().ok());
  starts.pop_back();
  for (const auto& start : starts) REQUIRE(start.Get().ok());
}

}  // namespace
}  // namespace perdure::server
