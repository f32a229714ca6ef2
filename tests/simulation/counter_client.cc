#include "tests/simulation/counter_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "server/history/testing/counter_kind.h"

namespace perdure::simulation {

namespace testing = server::testing;
using Deed = CounterPlan::Deed;

namespace {

engine::RequestPtr RequestOf(const Deed& deed) {
  switch (deed.kind) {
    case Deed::Kind::kGive:
      return std::make_unique<testing::Give>(deed.to, deed.amount);
    case Deed::Kind::kBegin:
      return std::make_unique<testing::Begin>(deed.to);
    case Deed::Kind::kStop:
      return std::make_unique<testing::Stop>();
    case Deed::Kind::kRollOver:
      return std::make_unique<testing::RollOver>();
    case Deed::Kind::kClose:
      break;
  }
  return std::make_unique<testing::Close>();
}

}  // namespace

CounterClient::CounterClient(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random,
                             Network& network, Journal& journal)
    : Caller(plan, namespace_id, executor, random, network, journal, absl::Milliseconds(400)) {
  for (const CounterPlan& counter : plan_.counters) flights_[counter.id].plan = &counter;
}

void CounterClient::Begin() {
  for (auto& [id, flight] : flights_) {
    executor_.RunAfter(random_.Fraction() * absl::Seconds(5), [this, &flight = flight] { Start(flight); });
  }
}

bool CounterClient::AllDone() const {
  return std::all_of(flights_.begin(), flights_.end(),
                     [](const auto& entry) { return entry.second.done == entry.second.plan->deeds.size(); });
}

std::string CounterClient::Undone() const {
  std::string text;
  for (const auto& [id, flight] : flights_) {
    if (flight.done < flight.plan->deeds.size())
      text += fmt::format(" {} (deeds {}/{})", id, flight.done, flight.plan->deeds.size());
  }
  return text;
}

void CounterClient::Start(Flight& flight) {
  const auto again = [this, &flight] { Start(flight); };
  if (!network_.connected()) return Later(again);
  network_.history().entities().Start(
      namespace_id_, testing::kCounterKind, std::make_unique<testing::StartCounter>(flight.plan->id),
      network_.Answer<engine::ReplyPtr>(
          [this, &flight, again](const absl::StatusOr<engine::ReplyPtr>& reply) {
            if (IsNoAnswer(reply.status())) return Later(again);
            if (!reply.ok() && !absl::IsAlreadyExists(reply.status()))
              return journal_.Broken("the start of a counter was refused: " + reply.status().ToString());
            Next(flight);
          }));
}

void CounterClient::Next(Flight& flight) {
  if (flight.done == flight.plan->deeds.size()) return;
  executor_.RunAfter(flight.plan->deeds[flight.done].after, [this, &flight] { Do(flight); });
}

void CounterClient::Do(Flight& flight) {
  const auto again = [this, &flight] { Do(flight); };
  if (!network_.connected()) return Later(again);
  const Deed& deed = flight.plan->deeds[flight.done];
  network_.history().entities().Execute(
      {.namespace_id = namespace_id_,
       .id = flight.plan->id,
       .run_id = std::nullopt,
       .kind = testing::kCounterKind},
      RequestOf(deed),
      network_.Answer<engine::ReplyPtr>([this, &flight, &deed,
                                         again](const absl::StatusOr<engine::ReplyPtr>& reply) {
        const bool closes = deed.kind == Deed::Kind::kClose;
        if (IsNoAnswer(reply.status()) || (closes && absl::IsFailedPrecondition(reply.status())))
          return Later(again);
        // A close whose answer was lost has closed it.
        if (absl::IsNotFound(reply.status()) && !closes)
          return journal_.Broken(flight.plan->id + " was started and is not there");
        if (!reply.ok() && !absl::IsNotFound(reply.status()) && !absl::IsFailedPrecondition(reply.status()))
          return journal_.Broken(flight.plan->id + " was refused: " + reply.status().ToString());
        ++flight.done;
        Next(flight);
      }));
}

void CounterClient::CheckAll(Auditor& auditor) {
  int64_t sum = 0;
  std::string values;
  for (const Auditor::EntityPtr& entity : auditor.Entities(testing::kCounterKind)) {
    const testing::CounterState& state = dynamic_cast<const testing::Counter&>(*entity).state();
    sum += state.value - state.handed_on;
    values += fmt::format(" {}: {}", state.id, state.value - state.handed_on);
    for (const auto& [token, followed] : state.followed) {
      journal_.Broken(fmt::format("{} has not heard of the end of {}", state.id, followed.id));
    }
  }
  if (sum != 0)
    journal_.Broken("what counters gave and got differs by " + std::to_string(sum) + ":" + values);
}

}  // namespace perdure::simulation
