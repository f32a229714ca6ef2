// History in the types of activities on their own: what the frontend and matching call.
//
// Thread safety, errors and guarantees as class History. A value; the History outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "engine/activity/activity_entity.h"
#include "server/history/history.h"

namespace perdure::server {

// An activity on its own; without a run id the current run.
EntityRef ActivityRef(const Uuid& namespace_id, std::string activity_id, std::optional<Uuid> run_id);

class ActivityHistory {
 public:
  explicit ActivityHistory(History& history) : history_(&history) {}

  struct Described {
    engine::activity::DescriptionPtr response;  // without a token; never null
    int64_t last_sequence = 0;
  };

  void Start(const Uuid& namespace_id, engine::activity::api::StartActivityExecutionRequest request,
             Callback<engine::activity::StartReply> done) const;
  void Execute(EntityRef run, engine::activity::Request request,
               Callback<engine::activity::Reply> done) const;
  void Describe(EntityRef run, const engine::activity::api::DescribeActivityExecutionRequest& request,
                Callback<Described> done) const;

  // Long polls. Null or nullopt: nothing has come within `max_wait`, or nothing will. Each returns an id for
  // CancelWait.
  using Outcome = engine::activity::OutcomePtr;
  uint64_t AwaitOutcome(EntityRef run, absl::Duration max_wait, Callback<Outcome> done) const;
  // `last_sequence`: of the Described that the caller has seen.
  uint64_t AwaitChange(EntityRef run, const engine::activity::api::DescribeActivityExecutionRequest& request,
                       int64_t last_sequence, absl::Duration max_wait,
                       Callback<std::optional<Described>> done) const;
  void CancelWait(uint64_t wait) const { history_->CancelWait(wait); }

 private:
  History* history_;
};

}  // namespace perdure::server
