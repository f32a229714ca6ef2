// Workflow runs as the host sees them: class Entity over the pure functions of workflow.h.
//
// Errors and thread safety as there; an entity belongs to one executor, WorkflowKind may be used from any
// thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/entity.h"
#include "engine/workflow/kind.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow {

struct Leaving;  // reset/reset.h

class WorkflowRequest final : public engine::Request {
 public:
  explicit WorkflowRequest(workflow::Request request) : request_(std::move(request)) {}
  const workflow::Request& request() const { return request_; }

  bool IsAnswer() const override;
  size_t Bytes() const override;
  std::optional<DispatchName> Dispatched() const override;
  bool EndsUnfoldable() const override {
    return std::holds_alternative<Terminate>(request_) || std::holds_alternative<Delete>(request_);
  }

 private:
  const workflow::Request request_;
};

// For a run that begins as this one did (reset/reset.h).
class ResetRequest final : public engine::Request {
 public:
  explicit ResetRequest(api::ResetWorkflowExecutionRequest request) : request_(std::move(request)) {}
  const api::ResetWorkflowExecutionRequest& request() const { return request_; }

  size_t Bytes() const override { return request_.ByteSizeLong(); }
  bool Rewinds() const override { return true; }

 private:
  const api::ResetWorkflowExecutionRequest request_;
};

// Read, not decided.
class DescribeRequest final : public engine::Request {};

class WorkflowStartRequest final : public engine::StartRequest {
 public:
  // `signal`: what SignalWithStartWorkflowExecution brings besides the start; `update`: what
  // ExecuteMultiOperation does.
  explicit WorkflowStartRequest(api::StartWorkflowExecutionRequest request,
                                std::optional<api::SignalWorkflowExecutionRequest> signal = std::nullopt,
                                std::optional<api::UpdateWorkflowExecutionRequest> update = std::nullopt)
      : request_(std::move(request)), signal_(std::move(signal)), update_(std::move(update)) {}
  const api::StartWorkflowExecutionRequest& request() const { return request_; }
  // Null: none.
  const api::SignalWorkflowExecutionRequest* signal() const { return signal_ ? &*signal_ : nullptr; }
  const api::UpdateWorkflowExecutionRequest* update() const { return update_ ? &*update_ : nullptr; }

  const std::string& id() const override { return request_.workflow_id(); }
  // Not one that would signal or update it.
  bool MayReplaceUnfoldable() const override;
  size_t Bytes() const override;

 private:
  const api::StartWorkflowExecutionRequest request_;
  const std::optional<api::SignalWorkflowExecutionRequest> signal_;
  const std::optional<api::UpdateWorkflowExecutionRequest> update_;
};

class WorkflowReply final : public engine::Reply {
 public:
  explicit WorkflowReply(workflow::Reply reply) : reply(std::move(reply)) {}
  workflow::Reply reply;

  void SetRun(const Uuid& run_id) override;
  std::optional<EventRange> WantsEvents() override;
  void SetEvents(std::string page, int64_t next_page_from) override;
  void OnHardened(const Entity& entity) override;

 private:
  // The workflow task that it brings; null when it brings none.
  WorkflowTaskReply* Task();
};

class DescribeReply final : public engine::Reply {
 public:
  explicit DescribeReply(api::DescribeWorkflowExecutionResponse response) : response(std::move(response)) {}
  api::DescribeWorkflowExecutionResponse response;
};

class WorkflowEntity final : public Entity {
 public:
  explicit WorkflowEntity(State state = {}) : state_(std::move(state)) {}
  const State& state() const { return state_; }

  const Kind& kind() const override;
  const Uuid& namespace_id() const override { return state_.facts->namespace_id; }
  const std::string& id() const override { return state_.facts->workflow_id; }
  const Uuid& run_id() const override { return state_.facts->run_id; }
  absl::Time start_time() const override { return state_.facts->start_time; }
  bool IsOpen() const override { return state_.IsOpen(); }
  LogPosition log() const override {
    return {state_.next_event_id, state_.last_sequence, state_.history_size_bytes};
  }

  engine::Decision Decide(const engine::Request& request, const Context& context) override;
  engine::Decision FireTimers(const Context& context) override;
  engine::Decision Harden(const Context& context) override;
  MessageDecision Receive(const perdure::engine::Message& message, const Context& context) override;
  engine::Decision Settle(std::vector<MessageOutcome> outcomes, const Context& context) override;
  absl::Status Apply(const Record& record) override;

  Obligations Owed() const override { return ObligationsOf(state_); }
  Obligations DurablyOwed() const override { return DurableObligationsOf(state_); }
  perdure::engine::Message MessageOf(const MessageKey& key, const NamespaceSettings& own) const override;

  absl::StatusOr<ReplyPtr> Read(const engine::Request& request, absl::Time now) const override;
  bool HasVolatile() const override { return workflow::HasVolatile(state_); }
  bool IsDeleted() const override { return state_.deleted_at.has_value(); }
  std::string VolatileEvents() const override { return TransientEvents(state_); }
  absl::Time EarliestNow() const override { return workflow::EarliestNow(state_); }
  EntityRow Row() const override;
  std::string EncodeSnapshot() const override { return workflow::EncodeSnapshot(state_); }
  size_t LeastSnapshotBytes() const override { return state_.facts->started->ByteSizeLong(); }
  size_t ApproximateBytes() const override { return workflow::ApproximateBytes(state_); }
  std::unique_ptr<Entity> Clone() const override { return std::make_unique<WorkflowEntity>(state_); }

  // It is the base of a reset, or has the id that the new run takes, or both.
  engine::Decision LeaveToReset(const Leaving& leaving, const Context& context);

 private:
  friend class WorkflowKind;
  // What the run's row told before a step.
  struct RowBefore;
  engine::Decision Step(const Request& request, const Context& context, absl::StatusOr<Reply>& reply);
  // Takes over what was decided.
  engine::Decision Take(const RowBefore& before, Decision decided, absl::StatusOr<Reply>& reply);

  State state_;
};

class WorkflowKind final : public Kind {
 public:
  KindNumber number() const override { return kWorkflowKind; }
  std::string_view name() const override { return "workflow"; }
  std::unique_ptr<Entity> New() const override { return std::make_unique<WorkflowEntity>(); }
  absl::StatusOr<std::unique_ptr<Entity>> Decode(std::string_view snapshot) const override;
  engine::Decision Start(Entity* current, const engine::StartRequest& start,
                         const Context& context) const override;
  MessageDecision Receive(Entity* current, const perdure::engine::Message& message,
                          const Context& context) const override;
  std::optional<Uuid> StartedRun(const perdure::engine::Message& message) const override;
  perdure::engine::MessageAnswer Repeated(const perdure::engine::Message& message) const override;
  std::unique_ptr<Entity> Salvage(engine::Remains remains) const override;
  absl::StatusOr<RewindDecision> BeginRewind(const Entity& base, const Entity* current,
                                             const engine::Request& request,
                                             const Uuid& run_id) const override;
  RequestPtr Removal() const override { return std::make_unique<WorkflowRequest>(Delete{}); }
  absl::Status NoSuch(const std::string& id, const std::optional<Uuid>& run_id) const override;

 private:
  static engine::Decision TakeStart(Entity* current, StartDecision decided, absl::StatusOr<Reply>& reply);
};

// The state of an entity of this kind. REQUIRES: it is one.
const State& StateOf(const Entity& entity);

}  // namespace perdure::engine::workflow
