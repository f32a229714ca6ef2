#include "tests/simulation/lone_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/time.h"
#include "engine/activity/activity_entity.h"
#include "server/activities/activity_history.h"
#include "tests/simulation/program.h"

namespace perdure::simulation {

namespace activity = engine::activity;
using Deed = LoneActivityPlan::Deed;

namespace {

// Nobody polls it.
constexpr char kUnservedQueue[] = "unserved";

activity::api::StartActivityExecutionRequest StartRequestOf(const LoneActivityPlan& plan) {
  activity::api::StartActivityExecutionRequest request;
  request.set_activity_id(plan.activity_id);
  request.set_request_id("start-" + plan.activity_id);
  request.mutable_activity_type()->set_name("lone");
  request.mutable_task_queue()->set_name(plan.unserved ? kUnservedQueue : kTaskQueue);
  request.set_id_reuse_policy(temporal::api::enums::v1::ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE);
  request.set_id_conflict_policy(temporal::api::enums::v1::ACTIVITY_ID_CONFLICT_POLICY_FAIL);
  *request.mutable_start_to_close_timeout() = ToProto(plan.start_to_close);
  if (plan.schedule_to_close > absl::ZeroDuration())
    *request.mutable_schedule_to_close_timeout() = ToProto(plan.schedule_to_close);
  if (plan.schedule_to_start > absl::ZeroDuration())
    *request.mutable_schedule_to_start_timeout() = ToProto(plan.schedule_to_start);
  if (plan.heartbeat > absl::ZeroDuration()) *request.mutable_heartbeat_timeout() = ToProto(plan.heartbeat);
  auto& policy = *request.mutable_retry_policy();
  *policy.mutable_initial_interval() = ToProto(absl::Seconds(1));
  *policy.mutable_maximum_interval() = ToProto(absl::Seconds(10));
  policy.set_backoff_coefficient(2);
  policy.set_maximum_attempts(plan.most_attempts);
  return request;
}

activity::Request RequestOf(Deed deed, const std::string& request_id) {
  switch (deed) {
    case Deed::kCancel: {
      activity::RequestCancel cancel;
      cancel.request.set_request_id(request_id);
      return cancel;
    }
    case Deed::kTerminate: {
      activity::Terminate terminate;
      terminate.request.set_request_id(request_id);
      return terminate;
    }
    case Deed::kPause: {
      activity::Pause pause;
      pause.request.set_request_id(request_id);
      return pause;
    }
    case Deed::kUnpause: {
      activity::Unpause unpause;
      unpause.request.set_request_id(request_id);
      return unpause;
    }
    case Deed::kReset: {
      activity::Reset reset;
      reset.request.set_request_id(request_id);
      return reset;
    }
    case Deed::kUpdate: {
      activity::UpdateOptions update;
      update.request.set_request_id(request_id);
      update.request.mutable_activity_options()->mutable_start_to_close_timeout()->set_seconds(8);
      update.request.mutable_update_mask()->add_paths("start_to_close_timeout");
      return update;
    }
    case Deed::kDelete:
      break;
  }
  return activity::Delete{};
}

}  // namespace

LoneClient::LoneClient(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random,
                       Network& network, Journal& journal)
    : Caller(plan, namespace_id, executor, random, network, journal) {
  for (const LoneActivityPlan& activity : plan_.lone_activities) {
    flights_[activity.activity_id].plan = &activity;
  }
}

void LoneClient::Begin() {
  for (auto& [id, flight] : flights_) {
    executor_.RunAfter(random_.Fraction() * absl::Seconds(5), [this, &flight = flight] {
      if (flight.round == 0) Start(flight);
    });
  }
}

void LoneClient::AskAgain() {
  for (auto& [id, flight] : flights_) {
    ++flight.round;
    flight.started = false;
    flight.outcome.clear();
    Start(flight);
  }
}

bool LoneClient::AllAnswered() const {
  return std::all_of(flights_.begin(), flights_.end(), [](const auto& entry) {
    const Flight& flight = entry.second;
    return flight.started && flight.interfered == flight.plan->interferences.size();
  });
}

std::string LoneClient::Unanswered() const {
  std::string text;
  for (const auto& [id, flight] : flights_) {
    if (flight.started && flight.interfered == flight.plan->interferences.size()) continue;
    text += fmt::format(" {} (started {}, deeds {}/{})", id, flight.started, flight.interfered,
                        flight.plan->interferences.size());
  }
  return text;
}

void LoneClient::Start(Flight& flight) {
  const auto again = [this, &flight, round = flight.round] {
    if (flight.round == round) Start(flight);
  };
  if (!network_.connected()) return Later(again);
  server::ActivityHistory(network_.history().entities())
      .Start(namespace_id_, StartRequestOf(*flight.plan),
             network_.Answer<activity::StartReply>([this, &flight, round = flight.round, again](
                                                       const absl::StatusOr<activity::StartReply>& reply) {
               if (flight.round != round) return;
               if (IsNoAnswer(reply.status())) return Later(again);
               if (!reply.ok() && !journal_.commits_vanished())
                 return journal_.Broken("the start of an activity was refused: " + reply.status().ToString());
               flight.started = true;
               if (reply.ok()) flight.run = Uuid::Parse(reply->response.run_id());
               if (plan_.watched) Watch(flight);
               Interfere(flight);
             }));
}

void LoneClient::Interfere(Flight& flight) {
  if (flight.interfered == flight.plan->interferences.size()) return;
  const auto& [deed, after] = flight.plan->interferences[flight.interfered];
  executor_.RunAfter(after, [this, &flight, round = flight.round, deed = deed, place = flight.interfered] {
    const auto send = [this, &flight, round, deed, place](auto self) -> void {
      if (flight.round != round) return;
      if (!network_.connected()) return Later([self] { self(self); });
      const std::string request_id = fmt::format("{}-{}", flight.plan->activity_id, place);
      server::ActivityHistory(network_.history().entities())
          .Execute(server::ActivityRef(namespace_id_, flight.plan->activity_id, std::nullopt),
                   RequestOf(deed, request_id),
                   network_.Answer<activity::Reply>(
                       [this, &flight, round, deed, self](const absl::StatusOr<activity::Reply>& reply) {
                         if (flight.round != round) return;
                         if (IsNoAnswer(reply.status())) return Later([self] { self(self); });
                         OnInterfered(flight, deed, reply.status());
                       }));
    };
    send(send);
  });
}

void LoneClient::OnInterfered(Flight& flight, Deed deed, const absl::Status& status) {
  if (status.ok() && deed == Deed::kTerminate) flight.terminated = true;
  if (deed == Deed::kDelete) flight.deleted = true;
  if (absl::IsNotFound(status) && !flight.deleted && !journal_.commits_vanished()) {
    journal_.Broken(flight.plan->activity_id + " was acknowledged and is not there");
  }
  ++flight.interfered;
  Interfere(flight);
}

void LoneClient::Watch(Flight& flight) {
  const auto again = [this, &flight, round = flight.round] {
    if (flight.round == round) Watch(flight);
  };
  AwaitOutcome(flight, absl::Seconds(20), again, [this, &flight, again](const Outcome& outcome) {
    if (outcome == nullptr) return Later(again);
    flight.outcome = outcome->SerializeAsString();
    AskOutcome(flight);
  });
}

void LoneClient::AskOutcome(Flight& flight) {
  const auto again = [this, &flight, round = flight.round] {
    if (flight.round == round) AskOutcome(flight);
  };
  AwaitOutcome(flight, absl::ZeroDuration(), again, [this, &flight](const Outcome& outcome) {
    const std::string now = outcome != nullptr ? outcome->SerializeAsString() : "";
    if (now != flight.outcome && !journal_.commits_vanished()) {
      journal_.Broken(flight.plan->activity_id + " had ended, and " +
                      (outcome != nullptr ? "ended otherwise" : "is open"));
    }
    flight.outcome = now;
  });
}

void LoneClient::AwaitOutcome(Flight& flight, absl::Duration max_wait, const std::function<void()>& again,
                              const std::function<void(const Outcome&)>& then) {
  if (!network_.connected()) return Later(again);
  server::ActivityHistory(network_.history().entities())
      .AwaitOutcome(server::ActivityRef(namespace_id_, flight.plan->activity_id, flight.run), max_wait,
                    network_.Answer<Outcome>([this, &flight, round = flight.round, again,
                                              then](const absl::StatusOr<Outcome>& outcome) {
                      if (flight.round != round || absl::IsNotFound(outcome.status())) return;
                      if (!outcome.ok()) return Later(again);
                      then(*outcome);
                    }));
}

void LoneClient::CheckAll(Auditor& auditor) {
  for (const Auditor::EntityPtr& entity : auditor.Entities(activity::kActivityKind)) {
    const auto flight = flights_.find(entity->id());
    if (flight == flights_.end()) {
      journal_.Broken("an activity that nobody started: " + entity->id());
    } else {
      CheckEnd(flight->second, *entity);
    }
  }
}

void LoneClient::CheckEnd(const Flight& flight, const engine::Entity& entity) {
  const std::string& id = flight.plan->activity_id;
  const activity::State& state = activity::StateOf(entity);
  const auto outcome = activity::OutcomeOf(state);
  if (!outcome) return journal_.Broken(id + " has not ended");
  if (!flight.outcome.empty() && outcome->SerializeAsString() != flight.outcome) {
    journal_.Broken(id + " was shown with another end than it has");
  }
  if (flight.terminated && state.status() != engine::ActivityControl::TERMINATED) {
    journal_.Broken(id + " was terminated, and ended otherwise");
  }
  const std::optional<int32_t> completed = journal_.CompletedAttempt(entity.run_id());
  const bool has_result = state.status() == engine::ActivityControl::COMPLETED;
  if (completed &&
      (!has_result || outcome->outcome().result().payloads(0).data() != std::to_string(*completed))) {
    journal_.Broken(fmt::format("{}: attempt {} completed it, and it ended otherwise", id, *completed));
  }
  // A reset begins the time anew.
  if (!flight.plan->interferences.empty()) return;
  const absl::Time closed = entity.Row().close_time.value_or(absl::InfiniteFuture());
  if (flight.plan->schedule_to_close > absl::ZeroDuration()) {
    journal_.TaskHandedOut("the timeout of " + id, entity.start_time() + flight.plan->schedule_to_close,
                           closed);
  }
  if (flight.plan->unserved) {
    journal_.TaskHandedOut("the timeout of " + id, entity.start_time() + flight.plan->schedule_to_start,
                           closed);
    if (state.status() != engine::ActivityControl::TIMED_OUT)
      journal_.Broken(id + " had no worker, and did not time out");
  }
}

}  // namespace perdure::simulation
