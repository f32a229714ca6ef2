#include "engine/workflow/updates/update_with_start.h"

#include <utility>

#include "engine/workflow/run/start.h"
#include "engine/workflow/updates/updates.h"

namespace perdure::engine::workflow {
namespace {

// Of a status's payloads; no client sees it.
constexpr char kOfUpdate[] = "perdure/of-update";

// As the real server tells of a run that it did not start here.
StartReply NewFoundReply(const State& current, const Context& context) {
  StartReply reply = NewStartReply(current, context.settings, /*started=*/false);
  reply.response.clear_first_execution_run_id();
  return reply;
}

bool TakesUpdate(const State& current, const StartRequest& request) {
  if (!current.IsOpen()) return false;
  const auto& start = request.request;
  return start.request_id() == current.facts->request_id ||
         start.workflow_id_conflict_policy() ==
             temporal::api::enums::v1::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING ||
         StatusOfUpdate(current, request.update->request().meta().update_id()).has_value();
}

}  // namespace

absl::Status OfUpdate(absl::Status status) {
  status.SetPayload(kOfUpdate, {});
  return status;
}

bool TakeOfUpdate(absl::Status& status) { return status.ErasePayload(kOfUpdate); }

std::optional<StartDecision> UpdateCurrent(const State& current, const StartRequest& request,
                                           const Context& context) {
  const std::optional<UpdateReply> known =
      StatusOfUpdate(current, request.update->request().meta().update_id());
  StartDecision decision;
  if (known.has_value() && known->outcome_event_id != 0) {
    StartReply reply = NewFoundReply(current, context);
    reply.response.clear_link();
    decision.reply = Reply(std::move(reply));
    return decision;
  }
  if (!TakesUpdate(current, request)) return std::nullopt;
  Decision updated = Decide(current, Update{*request.update}, context);
  if (!updated.reply.ok()) {
    decision.reply = OfUpdate(updated.reply.status());
    return decision;
  }
  decision.reply = Reply(NewFoundReply(updated.state, context));
  updated.reply = Reply(Done{});
  decision.current = std::move(updated);
  return decision;
}

}  // namespace perdure::engine::workflow
