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
    engine::activity::api::DescribeActivityExecutionResponse response;  // without a token
    int64_t last_sequence = 0;
  };

  void Start(const Uuid& namespace_id, engine::activity::api::StartActivityExecutionRequest request,
             Callback<engine::activity::StartReply> done) const;
  void Execute(EntityRef run, engine::activity::Request request,
               Callback<engine::activity::Reply> done) const;
  void Describe(EntityRef run, engine::activity::api::DescribeActivityExecutionRequest request,
                Callback<Described> done) const;
  // Nullopt while the activity is open.
  void Outcome(EntityRef run,
               Callback<std::optional<engine::activity::api::PollActivityExecutionResponse>> done) const;

  // Answers when the activity has ended, or its log has gone beyond `last_sequence`, or after `max_wait`.
  // Returns an id for CancelWait.
  uint64_t WaitForEnd(EntityRef run, absl::Duration max_wait, Callback<RunPosition> done) const;
  uint64_t WaitForChange(EntityRef run, int64_t last_sequence, absl::Duration max_wait,
                         Callback<RunPosition> done) const;
  void CancelWait(uint64_t wait) const { history_->CancelWait(wait); }

 private:
  History* history_;
};

}  // namespace perdure::server
