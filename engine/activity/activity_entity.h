// Activities on their own as the host sees them: class Entity over the pure functions of activity.h.
//
// Errors and thread safety as there; an entity belongs to one executor, ActivityKind may be used from any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/activity/activity.h"
#include "engine/activity/kind_number.h"
#include "engine/entity.h"

namespace perdure::engine::activity {

class ActivityRequest final : public engine::Request {
 public:
  explicit ActivityRequest(activity::Request request) : request_(std::move(request)) {}
  const activity::Request& request() const { return request_; }

  bool IsAnswer() const override;
  size_t Bytes() const override;
  std::optional<DispatchName> Dispatched() const override;
  bool EndsUnfoldable() const override {
    return std::holds_alternative<Terminate>(request_) || std::holds_alternative<Delete>(request_);
  }

 private:
  const activity::Request request_;
};

// Of a request to describe, what says how much is shown. Whatever else a client sent, also what we know
// nothing of, is not kept while the entity is waited for.
api::DescribeActivityExecutionRequest ShownOf(const api::DescribeActivityExecutionRequest& request);

// Read, not decided.
class DescribeRequest final : public engine::Request {
 public:
  explicit DescribeRequest(const api::DescribeActivityExecutionRequest& request)
      : request_(ShownOf(request)) {}
  const api::DescribeActivityExecutionRequest& request() const { return request_; }

 private:
  const api::DescribeActivityExecutionRequest request_;
};
// Its caller waits until the activity has ended: it gets an OutcomeReply.
class AwaitOutcome final : public engine::Request {};
// Its caller waits until the activity's log has gone beyond `seen`: it gets a DescribeReply, without a
// response when the activity has ended and there is nothing more to see.
class AwaitChange final : public engine::Request {
 public:
  AwaitChange(const api::DescribeActivityExecutionRequest& describe, int64_t seen)
      : describe_(ShownOf(describe)), seen_(seen) {}
  const api::DescribeActivityExecutionRequest& describe() const { return describe_; }
  int64_t seen() const { return seen_; }

 private:
  const api::DescribeActivityExecutionRequest describe_;
  const int64_t seen_;
};

class ActivityStartRequest final : public engine::StartRequest {
 public:
  explicit ActivityStartRequest(api::StartActivityExecutionRequest request) : request_(std::move(request)) {}
  const api::StartActivityExecutionRequest& request() const { return request_; }

  const std::string& id() const override { return request_.activity_id(); }
  bool MayReplaceUnfoldable() const override { return !request_.has_on_conflict_options(); }
  size_t Bytes() const override { return request_.ByteSizeLong(); }

 private:
  const api::StartActivityExecutionRequest request_;
};

class ActivityReply final : public engine::Reply {
 public:
  explicit ActivityReply(activity::Reply reply) : reply(std::move(reply)) {}
  activity::Reply reply;
};

// Shared by all who are told the same: it may be megabytes, and they a thousand. Never null in a reply.
using DescriptionPtr = std::shared_ptr<const api::DescribeActivityExecutionResponse>;
using OutcomePtr = std::shared_ptr<const api::PollActivityExecutionResponse>;

class DescribeReply final : public engine::Reply {
 public:
  DescribeReply(DescriptionPtr response, int64_t last_sequence)
      : response(std::move(response)), last_sequence(last_sequence) {}
  const DescriptionPtr response;  // without a token
  const int64_t last_sequence;    // where the activity's log stood
};
class OutcomeReply final : public engine::Reply {
 public:
  explicit OutcomeReply(OutcomePtr response) : response(std::move(response)) {}
  const OutcomePtr response;
};

class ActivityEntity final : public Entity {
 public:
  explicit ActivityEntity(State state = {});
  const State& state() const { return state_; }

  const Kind& kind() const override;
  const Uuid& namespace_id() const override { return namespace_id_; }
  const std::string& id() const override { return state_.created->activity_id(); }
  const Uuid& run_id() const override { return run_id_; }
  absl::Time start_time() const override;
  bool IsOpen() const override { return state_.IsOpen(); }
  LogPosition log() const override { return {1, state_.last_sequence, 0}; }

  engine::Decision Decide(const engine::Request& request, const Context& context) override;
  engine::Decision FireTimers(const Context& context) override;
  engine::Decision Harden(const Context& context) override;
  MessageDecision Receive(const perdure::engine::Message& message, const Context& context) override;
  engine::Decision Settle(std::vector<MessageOutcome> outcomes, const Context& context) override;
  absl::Status Apply(const Record& record) override;

  Obligations Owed() const override { return ObligationsOf(state_); }
  Obligations DurablyOwed() const override { return ObligationsOf(state_); }
  perdure::engine::Message MessageOf(const MessageKey& key, const NamespaceSettings& own) const override;

  absl::StatusOr<ReplyPtr> Read(const engine::Request& request, absl::Time now) const override;
  bool HasVolatile() const override { return false; }
  bool IsDeleted() const override { return state_.sections.end().deleted(); }
  absl::Time EarliestNow() const override { return activity::EarliestNow(state_); }
  EntityRow Row() const override;
  std::string EncodeSnapshot() const override { return activity::EncodeSnapshot(state_); }
  size_t LeastSnapshotBytes() const override { return state_.created->ByteSizeLong(); }
  size_t ApproximateBytes() const override { return activity::ApproximateBytes(state_); }
  std::unique_ptr<Entity> Clone() const override { return std::make_unique<ActivityEntity>(state_); }

 private:
  friend class ActivityKind;
  engine::Decision Step(const activity::Request& request, const Context& context,
                        absl::StatusOr<activity::Reply>& reply);
  // Takes over what was decided, and answers who has waited for it.
  engine::Decision Take(Outcome decided, const Context& context, absl::StatusOr<activity::Reply>& reply);
  // By the serialized ShownOf.
  using Descriptions = std::map<std::string, DescriptionPtr>;
  // What who asks for an end or a change gets; null: not yet. `made`: at the same moment, for others.
  absl::StatusOr<ReplyPtr> Awaited(const engine::Request& request, absl::Time now, Descriptions& made);
  DescriptionPtr DescriptionFor(const AwaitChange& change, absl::Time now, Descriptions& made) const;
  // Null while the activity is open.
  OutcomePtr SharedOutcome();
  void NoteIds();

  State state_;
  // What was made of state_, for as long as somebody is to get it.
  std::weak_ptr<const api::PollActivityExecutionResponse> outcome_;
  // Of state_.created; nil before the first record.
  Uuid namespace_id_;
  Uuid run_id_;
};

class ActivityKind final : public Kind {
 public:
  KindNumber number() const override { return kActivityKind; }
  std::string_view name() const override { return "activity"; }
  std::unique_ptr<Entity> New() const override { return std::make_unique<ActivityEntity>(); }
  absl::StatusOr<std::unique_ptr<Entity>> Decode(std::string_view snapshot) const override;
  engine::Decision Start(Entity* current, const engine::StartRequest& start,
                         const Context& context) const override;
  MessageDecision Receive(Entity* current, const perdure::engine::Message& message,
                          const Context& context) const override;
  std::optional<Uuid> StartedRun(const perdure::engine::Message& /*message*/) const override {
    return std::nullopt;
  }
  perdure::engine::MessageAnswer Repeated(const perdure::engine::Message& message) const override;
  std::unique_ptr<Entity> Salvage(engine::Remains remains) const override;
  RequestPtr Removal() const override { return std::make_unique<ActivityRequest>(Delete{}); }
  absl::Status NoSuch(const std::string& id, const std::optional<Uuid>& run_id) const override;
};

// The state of an entity of this kind. REQUIRES: it is one.
const State& StateOf(const Entity& entity);

}  // namespace perdure::engine::activity
