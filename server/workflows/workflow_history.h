// History in the types of workflows: what the frontend, matching and tests call.
//
// Thread safety, errors and guarantees as class History. A value; the History outlives it.
#pragma once

#include <memory>
#include <utility>

#include "engine/workflow/workflow_entity.h"
#include "server/history/history.h"

namespace perdure::server {

class WorkflowHistory {
 public:
  // Not explicit: wherever a History is at hand, so are its workflows.
  WorkflowHistory(History& history) : history_(&history) {}  // NOLINT(google-explicit-constructor)

  // Entities of every kind.
  History& entities() const { return *history_; }

  void Start(const Uuid& namespace_id, engine::workflow::api::StartWorkflowExecutionRequest request,
             Callback<engine::workflow::StartReply> done) const;
  // The signal goes to the open run that has the id, unless the start ends it, and else to the new run.
  void SignalWithStart(const Uuid& namespace_id, engine::workflow::api::StartWorkflowExecutionRequest request,
                       engine::workflow::api::SignalWorkflowExecutionRequest signal,
                       Callback<engine::workflow::StartReply> done) const;
  // The update is admitted into the open run that the start finds, where its policy or the update's id says
  // so, and else into the new one: then it is for its caller to wait for it (PollUpdate). Errors that are the
  // update's are marked (updates/update_with_start.h).
  void UpdateWithStart(const Uuid& namespace_id, engine::workflow::api::StartWorkflowExecutionRequest request,
                       engine::workflow::api::UpdateWorkflowExecutionRequest update,
                       Callback<engine::workflow::StartReply> done) const;
  // A WorkflowTaskReply inside the answer has its first history page filled in.
  void Execute(RunRef run, engine::workflow::Request request, Callback<engine::workflow::Reply> done) const;
  void Describe(RunRef run, Callback<engine::workflow::api::DescribeWorkflowExecutionResponse> done) const;
  // As History::Ask. Null: nothing has come.
  using Answer = std::unique_ptr<engine::workflow::Reply>;
  uint64_t Ask(RunRef run, engine::workflow::Request request, absl::Duration max_wait,
               Callback<Answer> done) const;

  uint64_t WaitForEvents(RunRef run, int64_t from_event_id, absl::Duration max_wait,
                         Callback<RunPosition> done) const {
    return history_->WaitForEvents(std::move(run), from_event_id, max_wait, std::move(done));
  }
  void CancelWait(uint64_t wait) const { history_->CancelWait(wait); }
  void ReadEvents(EventsQuery query, Callback<EventsPage> done) const {
    history_->ReadEvents(std::move(query), std::move(done));
  }

 private:
  void Start(const Uuid& namespace_id, std::unique_ptr<engine::workflow::WorkflowStartRequest> request,
             Callback<engine::workflow::StartReply> done) const;

  History* history_;
};

}  // namespace perdure::server
