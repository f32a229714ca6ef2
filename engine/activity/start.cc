#include "engine/activity/start.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/activity/attempts.h"
#include "engine/activity/names.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::engine::activity {
namespace {

namespace enums = temporal::api::enums::v1;

StartOutcome Answer(absl::StatusOr<Reply> reply) {
  return {.state = std::nullopt, .records = {}, .current = std::nullopt, .reply = std::move(reply)};
}

StartReply ReplyThatNames(const State& state, const NamespaceSettings& settings, bool started) {
  StartReply reply;
  const std::string run_id = RunIdOf(state).ToString();
  reply.response.set_run_id(run_id);
  reply.response.set_started(started);
  auto& link = *reply.response.mutable_link()->mutable_activity();
  link.set_namespace_(settings.name);
  link.set_activity_id(state.created->activity_id());
  link.set_run_id(run_id);
  return reply;
}

absl::Status AlreadyStarted(const State& current) {
  temporal::api::errordetails::v1::ActivityExecutionAlreadyStartedFailure detail;
  detail.set_start_request_id(current.created->request_id());
  detail.set_run_id(RunIdOf(current).ToString());
  return WithDetail(absl::AlreadyExistsError("activity execution already started"), detail);
}

bool HasMade(const State& state, const std::string& request_id) {
  const auto& attached = state.sections.links().request_ids();
  return state.created->request_id() == request_id ||
         std::find(attached.begin(), attached.end(), request_id) != attached.end();
}

void AttachLinks(Step& step, const StartActivityRequest& request) {
  ActivityLinks& links = step.links();
  *links.add_request_ids() = request.request_id();
  links.mutable_links()->MergeFrom(request.links());
}

StartOutcome StartNew(const NewActivity& start, const Context& context) {
  const StartActivityRequest& request = start.request;
  Step step(State(), context);
  ActivityCreated created;
  created.set_namespace_id(std::string(context.settings.id.View()));
  created.set_activity_id(request.activity_id());
  created.set_run_id(std::string(start.run_id.View()));
  created.set_request_id(request.request_id());
  created.set_activity_type(request.activity_type().name());
  *created.mutable_schedule_time() = ToProto(context.now);
  *created.mutable_options() = OptionsIn(request);
  if (request.has_input()) *created.mutable_input() = request.input();
  if (request.has_header()) *created.mutable_header() = request.header();
  *created.mutable_search_attributes() = request.search_attributes();
  if (request.has_user_metadata()) *created.mutable_user_metadata() = request.user_metadata();
  step.Create(std::move(created));
  step.attempt().set_number(1);
  Offer(step, FirstDispatchTime(step.state()));
  step.Say(ActivityScheduled{});
  if (!request.links().empty()) AttachLinks(step, request);
  StartReply reply = ReplyThatNames(step.state(), context.settings, true);
  Step::Result result = std::move(step).Finish();
  return {.state = std::move(result.state),
          .records = std::move(result.records),
          .current = std::nullopt,
          .reply = Reply(std::move(reply)),
          .happenings = std::move(result.happenings)};
}

// The open run takes the links of a start that uses it.
StartOutcome Attach(const State& current, const StartActivityRequest& request, const Context& context) {
  const int attached = current.sections.links().links_size();
  if (attached + request.links_size() > limits::kLinksPerActivity) {
    return Answer(FailedPrecondition("cannot attach more than " + std::to_string(limits::kLinksPerActivity) +
                                     " links to an activity (" + std::to_string(attached) +
                                     " links already attached)"));
  }
  Step step(current, context);
  AttachLinks(step, request);
  StartOutcome outcome = Answer(Reply(ReplyThatNames(current, context.settings, false)));
  Step::Result result = std::move(step).Finish();
  outcome.current = Outcome{std::move(result.state), std::move(result.records), Reply(Done{}),
                            std::move(result.happenings)};
  return outcome;
}

StartOutcome MeetOpen(const State& current, const StartActivityRequest& request, const Context& context) {
  if (request.id_conflict_policy() != enums::ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING) {
    return Answer(AlreadyStarted(current));
  }
  if (request.on_conflict_options().attach_links() && !request.links().empty()) {
    return Attach(current, request, context);
  }
  return Answer(Reply(ReplyThatNames(current, context.settings, false)));
}

// The id's current run is closed: whether its id may be used again.
bool MayReuse(const State& current, enums::ActivityIdReusePolicy policy) {
  switch (policy) {
    case enums::ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE:
      return false;
    case enums::ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY:
      return current.status() != ActivityControl::COMPLETED;
    default:
      return true;
  }
}

}  // namespace

StartOutcome DecideStart(const State* current, const NewActivity& start, const Context& context) {
  NewActivity request = start;
  if (absl::Status status = NormalizeStart(request.request, context.settings); !status.ok())
    return Answer(status);
  if (current == nullptr) return StartNew(request, context);
  if (HasMade(*current, request.request.request_id())) {
    return Answer(Reply(ReplyThatNames(*current, context.settings, false)));
  }
  if (current->IsOpen()) return MeetOpen(*current, request.request, context);
  if (!MayReuse(*current, request.request.id_reuse_policy())) return Answer(AlreadyStarted(*current));
  return StartNew(request, context);
}

}  // namespace perdure::engine::activity
