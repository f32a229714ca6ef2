#include "tests/simulation/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/time.h"
#include "engine/workflow/run/next_run.h"
#include "tests/simulation/program.h"

namespace perdure::simulation {

Client::Client(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random,
               Network& network, Journal& journal)
    : Caller(plan, namespace_id, executor, random, network, journal),
      asker_(plan, namespace_id, executor, random, network, journal) {
  for (const WorkflowPlan& workflow : plan_.workflows) flights_[workflow.workflow_id].plan = &workflow;
}

void Client::Begin() {
  for (auto& [id, flight] : flights_) {
    executor_.RunAfter(random_.Fraction() * absl::Seconds(5), [this, &flight = flight] { Start(flight); });
  }
}

void Client::AskAgain() {
  for (auto& [id, flight] : flights_) {
    if (!flight.finished) AskAgain(flight);
  }
}

void Client::AskAgain(Flight& flight) {
  ++flight.round;
  flight.start_acknowledged = false;
  flight.signals_acknowledged = 0;
  Start(flight);
}

void Client::Start(Flight& flight) {
  const uint64_t round = flight.round;
  const auto again = [this, &flight, round] {
    if (flight.round == round) Start(flight);
  };
  if (!network_.connected()) return Later(again);
  temporal::api::workflowservice::v1::StartWorkflowExecutionRequest request;
  request.set_workflow_id(flight.plan->workflow_id);
  request.set_request_id("start-" + flight.plan->workflow_id);
  request.mutable_workflow_type()->set_name("planned");
  request.mutable_task_queue()->set_name(kTaskQueue);
  *request.mutable_workflow_task_timeout() = ToProto(absl::Seconds(5));
  if (flight.plan->next_runs > 0 || flight.plan->with_start) {
    // A start that is repeated once a next run has the id is refused: that run does not know it. So is a
    // signal with start once the run has closed.
    request.set_workflow_id_reuse_policy(temporal::api::enums::v1::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
  }
  if (flight.plan->retried) {
    auto& policy = *request.mutable_retry_policy();
    *policy.mutable_initial_interval() = ToProto(absl::Seconds(1));
    *policy.mutable_maximum_interval() = ToProto(absl::Seconds(4));
    policy.set_backoff_coefficient(2);
  }
  auto answer = network_.Answer<engine::workflow::StartReply>(
      [this, &flight, round, again, rejects = request.workflow_id_reuse_policy() != 0](
          const absl::StatusOr<engine::workflow::StartReply>& reply) {
        if (flight.round != round) return;
        if (IsNoAnswer(reply.status())) return Later(again);
        const bool begun_before = absl::IsAlreadyExists(reply.status()) && rejects;
        if (!reply.ok() && !begun_before)
          return journal_.Broken("a start was refused: " + reply.status().ToString());
        flight.start_acknowledged = true;
        flight.signals_acknowledged = flight.plan->with_start ? 1 : 0;
        for (int i = flight.signals_acknowledged; i < flight.plan->signals; ++i) Signal(flight, i);
        if (plan_.watched) Watch(flight);
      });
  if (!flight.plan->with_start) {
    return network_.history().Start(namespace_id_, std::move(request), std::move(answer));
  }
  auto signal = SignalOf(flight, 0);
  request.set_request_id(signal.request_id());
  network_.history().SignalWithStart(namespace_id_, std::move(request), std::move(signal), std::move(answer));
}

temporal::api::workflowservice::v1::SignalWorkflowExecutionRequest Client::SignalOf(const Flight& flight,
                                                                                    int number) const {
  temporal::api::workflowservice::v1::SignalWorkflowExecutionRequest signal;
  signal.mutable_workflow_execution()->set_workflow_id(flight.plan->workflow_id);
  signal.set_signal_name("go");
  signal.set_request_id(fmt::format("signal-{}-{}", flight.plan->workflow_id, number));
  return signal;
}

void Client::Signal(Flight& flight, int number) {
  const uint64_t round = flight.round;
  const auto again = [this, &flight, round, number] {
    if (flight.round == round) Signal(flight, number);
  };
  if (!network_.connected()) return Later(again);
  network_.history().Execute(
      {.namespace_id = namespace_id_, .id = flight.plan->workflow_id, .run_id = std::nullopt},
      engine::workflow::Signal{SignalOf(flight, number)},
      network_.Answer<engine::workflow::Reply>(
          [this, &flight, round, again](const absl::StatusOr<engine::workflow::Reply>& reply) {
            if (flight.round != round) return;
            if (IsNoAnswer(reply.status())) return Later(again);
            // A signal whose answer was lost may have let the workflow finish; else its start has vanished.
            if (absl::IsNotFound(reply.status()) && journal_.commits_vanished()) return Later(again);
            if (!reply.ok() && !absl::IsNotFound(reply.status()))
              return journal_.Broken("a signal was refused: " + reply.status().ToString());
            ++flight.signals_acknowledged;
            Query(flight);
          }));
}

void Client::Query(Flight& flight) {
  if (!plan_.watched || flight.plan->next_runs > 0 || flight.plan->retried) return;
  const uint64_t round = flight.round;
  asker_.Ask(flight.plan->workflow_id, flight.signals_acknowledged,
             [this, &flight, round] { return flight.round == round && !journal_.commits_vanished(); });
}

void Client::Watch(Flight& flight) {
  const uint64_t round = flight.round;
  const auto again = [this, &flight, round] {
    if (flight.round == round) Watch(flight);
  };
  if (!network_.connected()) return Later(again);
  network_.history().WaitForEvents(
      {.namespace_id = namespace_id_, .id = flight.plan->workflow_id, .run_id = std::nullopt},
      std::numeric_limits<int64_t>::max(), absl::Seconds(20),
      network_.Answer<server::RunPosition>(
          [this, &flight, round, again](const absl::StatusOr<server::RunPosition>& position) {
            if (flight.round != round) return;
            if (absl::IsNotFound(position.status()) && journal_.commits_vanished()) return Start(flight);
            if (absl::IsNotFound(position.status())) {
              return journal_.Broken(flight.plan->workflow_id + " was acknowledged and is not there");
            }
            // A server that has not noticed the loss acknowledges from memory what it will lose.
            if (position.ok() && position->open && journal_.commits_vanished()) return AskAgain(flight);
            if (!position.ok() || position->open) return Later(again);
            CheckEnd(flight, *position);
          }));
}

void Client::CheckEnd(Flight& flight, const server::RunPosition& position) {
  const uint64_t round = flight.round;
  const auto again = [this, &flight, round] {
    if (flight.round == round) Watch(flight);
  };
  if (!network_.connected()) return Later(again);
  server::EventsQuery query;
  query.run = {.namespace_id = namespace_id_, .id = flight.plan->workflow_id, .run_id = position.run_id};
  query.to_event_id = position.next_event_id;
  query.max_events = 100000;
  query.max_bytes = 100 << 20;
  const Uuid run_id = position.run_id;
  const int64_t next_event_id = position.next_event_id;
  network_.history().ReadEvents(
      query, network_.Answer<server::EventsPage>([this, &flight, round, again, run_id, next_event_id](
                                                     const absl::StatusOr<server::EventsPage>& page) {
        if (flight.round != round || flight.finished) return;
        if (!page.ok()) return Later(again);
        temporal::api::history::v1::History history;
        if (!history.ParseFromString(page->events) || history.events().empty()) {
          return journal_.Broken(flight.plan->workflow_id + ": its history does not parse");
        }
        journal_.HistoryShown(run_id, history);
        int signals = 0;
        for (const auto& event : history.events()) {
          if (event.has_workflow_execution_signaled_event_attributes()) ++signals;
        }
        const auto& last = *history.events().rbegin();
        if (journal_.twins_serve() && last.event_id() + 1 < next_event_id) return Later(again);
        if (!engine::workflow::NextRunIdOf(last).empty()) return Watch(flight);
        if (!last.has_workflow_execution_completed_event_attributes() ||
            last.workflow_execution_completed_event_attributes().result().payloads(0).data() !=
                ResultOf(*flight.plan)) {
          return journal_.Broken(flight.plan->workflow_id + " ended wrong: " + last.ShortDebugString());
        }
        if (signals != flight.plan->signals) {
          return journal_.Broken(fmt::format("{}: {} signals instead of {}", flight.plan->workflow_id,
                                             signals, flight.plan->signals));
        }
        journal_.TimersFired(flight.plan->workflow_id, history);
        flight.finished = true;
        ++finished_;
      }));
}

bool Client::AllAcknowledged() const {
  return std::all_of(flights_.begin(), flights_.end(), [](const auto& entry) {
    const Flight& flight = entry.second;
    return flight.start_acknowledged && flight.signals_acknowledged == flight.plan->signals;
  });
}

void Client::WatchAll() {
  for (auto& [id, flight] : flights_) Watch(flight);
}

std::string Client::Unfinished() const {
  std::string text;
  for (const auto& [id, flight] : flights_) {
    if (flight.finished) continue;
    text += fmt::format(" {} (start {}, signals {}/{})", id,
                        flight.start_acknowledged ? "acknowledged" : "not answered",
                        flight.signals_acknowledged, flight.plan->signals);
  }
  return text;
}

}  // namespace perdure::simulation
