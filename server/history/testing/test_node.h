// One node on virtual time: history on two executors and matching on a third, over a memory store that
// outlives crashes, or a database. For tests of history and matching; calls are made and awaited in one line
// each.
//
// REQUIRES: used inside of a Catch2 test case (a call that is not answered fails it).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/check.h"
#include "base/testing/manual_executor.h"
#include "engine/workflow/workflow.h"
#include "persistence/memory/memory_store.h"
#include "server/cluster/namespace_registry.h"
#include "server/history/node_history.h"
#include "server/history/testing/patient_store.h"
#include "server/history/testing/refusing_store.h"
#include "server/matching/node_matching.h"
#include "server/metrics/prometheus_metrics.h"
#include "server/workflows/workflow_history.h"
#include "server/workflows/workflow_line.h"

namespace perdure::server::testing {

namespace workflow = engine::workflow;
using temporal::api::history::v1::History;

// A lease that a test takes away and gives back; a gap that nobody sees is another number.
class SettableLease final : public Lease {
 public:
  uint64_t Hold(absl::Duration) const override { return held ? number : 0; }
  std::optional<persistence::Tenure> Tenure() const override { return std::nullopt; }
  bool held = true;
  uint64_t number = 1;
};

// One namespace, "default".
class OneNamespace final : public NamespaceRegistry {
 public:
  OneNamespace();
  std::shared_ptr<const NamespaceSnapshot> Snapshot() const override { return snapshot_; }
  void Register(NamespaceRecord, persistence::Callback<NamespacePtr>) override;
  void Update(std::string, std::function<absl::Status(NamespaceRecord&)>,
              persistence::Callback<NamespacePtr>) override;
  void Remove(NamespacePtr, persistence::Callback<bool>) override;
  Uuid id() const { return id_; }

  // It is being deleted since then.
  void BeginDeletion(absl::Time at);
  // Its row was removed.
  bool removed() const { return snapshot_->by_id.empty(); }

 private:
  Uuid id_;
  std::shared_ptr<const NamespaceSnapshot> snapshot_;
};

// An answer that comes later.
template <typename T>
class Awaited {
 public:
  Callback<T> Answer() {
    return [answer = answer_](absl::StatusOr<T> got) {
      PERDURE_CHECK(!answer->has_value(), "a callback was called twice");
      answer->emplace(std::move(got));
    };
  }
  bool Came() const { return answer_->has_value(); }
  const absl::StatusOr<T>& Get() const {
    PERDURE_CHECK(Came(), "the call was not answered");
    return **answer_;
  }

 private:
  std::shared_ptr<std::optional<absl::StatusOr<T>>> answer_ =
      std::make_shared<std::optional<absl::StatusOr<T>>>();
};

class TestNode {
 public:
  struct Options {
    persistence::MemoryFaults* faults = nullptr;
    size_t remembered_transactions = 0;
    size_t executors = 2;
    HistoryOptions history;
    MatchingOptions matching;
    std::vector<EntityKind> kinds;  // besides workflows
    MessageCarrier* carrier = nullptr;
    // Where the rows are, if not in memory: outlives the node, is opened anew by each Restart.
    PatientStore* rows = nullptr;
  };
  TestNode() : TestNode(Options()) {}
  explicit TestNode(Options options);
  ~TestNode();

  // The process dies and another one starts on the same store.
  void Crash();
  void Restart();

  VirtualTime& time() { return time_; }
  void Run() { time_.RunUntilIdle(); }
  void Advance(absl::Duration by) { time_.Advance(by); }
  // REQUIRES: no Options::rows.
  persistence::MemoryStore& store() { return *store_; }
  RefusingStore& refusing() { return *refusing_; }
  SettableLease& lease() { return lease_; }
  NodeHistory& history() { return *history_; }
  OneNamespace& namespaces() { return namespaces_; }
  const EntityKinds& kinds() const { return kinds_; }
  Metrics& metrics() { return *metrics_; }
  WorkflowHistory workflows() { return *history_; }
  NodeMatching& matching() { return *matching_; }
  // What the process counted, as Prometheus reads it.
  std::string MetricsText() const { return metrics_->Text(); }
  Uuid namespace_id() const { return namespaces_.id(); }
  RunRef Ref(const std::string& workflow_id) const { return {namespaces_.id(), workflow_id, std::nullopt}; }

  // --- calls that are awaited (posted tasks run; time does not move)
  workflow::api::StartWorkflowExecutionRequest StartRequest(const std::string& workflow_id);
  absl::StatusOr<workflow::StartReply> Start(workflow::api::StartWorkflowExecutionRequest request);
  absl::StatusOr<workflow::StartReply> Start(const std::string& workflow_id) {
    return Start(StartRequest(workflow_id));
  }
  absl::StatusOr<workflow::Reply> Execute(const RunRef& run, workflow::Request request);
  absl::Status Signal(const std::string& workflow_id, const std::string& name);
  workflow::Signal SignalRequest(const std::string& workflow_id, const std::string& name);
  absl::StatusOr<workflow::api::DescribeWorkflowExecutionResponse> Describe(const std::string& workflow_id);
  absl::StatusOr<RunPosition> Position(const std::string& workflow_id);
  // The whole durable history, read page by page of `page_events`.
  History Read(const std::string& workflow_id, size_t page_events = 1000);
  // The types of its events, by short names joined by spaces.
  std::string Events(const std::string& workflow_id);

  // --- calls that may be answered later
  Awaited<workflow::StartReply> StartLater(workflow::api::StartWorkflowExecutionRequest request);
  Awaited<workflow::Reply> ExecuteLater(const RunRef& run, workflow::Request request);
  Awaited<RunPosition> WaitLater(const RunRef& run, int64_t from_event_id, absl::Duration max_wait);
  Awaited<PolledTask> PollWorkflowLater(const std::string& queue, const std::string& sticky_of = "");
  Awaited<PolledTask> PollActivityLater(const std::string& queue);

  // --- a worker
  // Polls; fails the test when no task comes.
  workflow::WorkflowTaskReply PollWorkflow(const std::string& queue = "queue",
                                           const std::string& sticky_of = "");
  workflow::ActivityTaskReply PollActivity(const std::string& queue = "queue");
  workflow::CompleteWorkflowTask Completion(const workflow::WorkflowTaskReply& task);
  // Ways to complete a workflow task.
  absl::StatusOr<workflow::Reply> Complete(const workflow::CompleteWorkflowTask& completion);
  absl::StatusOr<workflow::Reply> CompleteWithActivity(const workflow::WorkflowTaskReply& task,
                                                       const std::string& activity_id = "activity");
  absl::StatusOr<workflow::Reply> CompleteWithTimer(const workflow::WorkflowTaskReply& task,
                                                    absl::Duration after);
  absl::StatusOr<workflow::Reply> CompleteRun(const workflow::WorkflowTaskReply& task);
  absl::StatusOr<workflow::Reply> CompleteActivity(const workflow::ActivityTaskReply& task);

 private:
  Options options_;
  VirtualTime time_;
  std::vector<std::unique_ptr<ManualExecutor>> executors_;
  ManualExecutor matching_executor_;
  std::unique_ptr<persistence::MemoryStore> store_;
  std::unique_ptr<RefusingStore> refusing_;
  std::unique_ptr<PrometheusMetrics> metrics_;  // of the process
  SettableLease lease_;
  OneNamespace namespaces_;
  const EntityKinds kinds_;
  std::unique_ptr<NodeHistory> history_;
  std::unique_ptr<NodeMatching> matching_;
};

void AddActivityCommand(workflow::CompleteWorkflowTask& completion, const std::string& activity_id);
void AddCompleteCommand(workflow::CompleteWorkflowTask& completion);

}  // namespace perdure::server::testing
