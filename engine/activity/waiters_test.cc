// What those get who wait for an activity's end or for its next change, and what waits with them.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "engine/activity/activity_entity.h"
#include "engine/activity/testing/test_activity.h"

namespace perdure::engine::activity::testing {
namespace {

using DescribeActivity = api::DescribeActivityExecutionRequest;

DescribeActivity WithInput() {
  DescribeActivity request;
  request.set_include_input(true);
  return request;
}

OutcomePtr OutcomeIn(const absl::StatusOr<ReplyPtr>& reply) {
  REQUIRE(reply.ok());
  return dynamic_cast<const OutcomeReply&>(**reply).response;
}

DescriptionPtr DescriptionIn(const WaiterAnswer& answer) {
  REQUIRE(answer.reply.ok());
  return dynamic_cast<const DescribeReply&>(**answer.reply).response;
}

TEST_CASE("those who wait for the same of an activity share one answer") {
  TestActivity activity;
  REQUIRE(activity.Start([](auto& request) { *request.mutable_input() = PayloadsOf("in"); }).ok());
  ActivityEntity entity(activity.state());
  const AwaitOutcome end;
  const AwaitChange plain({}, 0);
  const AwaitChange plain_later({}, entity.state().last_sequence);
  const AwaitChange with_input(WithInput(), 0);
  const AwaitChange with_input_too(WithInput(), 0);
  const std::vector<Waiter> waiters = {{1, &end},         {2, &end},        {3, &plain},
                                       {4, &plain_later}, {5, &with_input}, {6, &with_input_too}};
  const auto random = NewSeededRandom(1);
  Context context{activity.now(), *random, activity.settings()};
  context.waiters = waiters;
  const auto decision = entity.Decide(ActivityRequest(Terminate{}), context);
  REQUIRE(decision.answers.size() == waiters.size());
  for (size_t i = 0; i < waiters.size(); ++i) CHECK(decision.answers[i].token == waiters[i].token);

  const OutcomePtr outcome = OutcomeIn(decision.answers[0].reply);
  CHECK(outcome->outcome().has_failure());
  CHECK(OutcomeIn(decision.answers[1].reply) == outcome);
  const DescriptionPtr described = DescriptionIn(decision.answers[2]);
  CHECK_FALSE(described->has_input());
  CHECK(DescriptionIn(decision.answers[3]) == described);
  const DescriptionPtr whole = DescriptionIn(decision.answers[4]);
  CHECK(whole->input().payloads(0).data() == "in");
  CHECK(DescriptionIn(decision.answers[5]) == whole);

  // One that comes before the others have theirs.
  context.waiters = {};
  context.token = 7;
  CHECK(OutcomeIn(entity.Decide(end, context).reply) == outcome);
}

TEST_CASE("of a request to describe nothing is kept but how much to show") {
  DescribeActivity request = WithInput();
  request.set_namespace_("default");
  request.set_activity_id("act");
  request.set_long_poll_token("token");
  DescribeActivity::GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(
      1000, std::string(4096, 'x'));
  CHECK(AwaitChange(request, 1).describe().SerializeAsString() == WithInput().SerializeAsString());
  CHECK(DescribeRequest(request).request().SerializeAsString() == WithInput().SerializeAsString());
  request.set_include_outcome(true);
  request.set_include_heartbeat_details(true);
  request.set_include_last_failure(true);
  const AwaitChange all(request, 1);
  CHECK(all.describe().include_outcome());
  CHECK(all.describe().include_heartbeat_details());
  CHECK(all.describe().include_last_failure());
}

}  // namespace
}  // namespace perdure::engine::activity::testing
