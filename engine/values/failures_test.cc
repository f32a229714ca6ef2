#include "engine/values/failures.h"

#include <catch2/catch.hpp>

namespace perdure::engine {
namespace {

TEST_CASE("A cut failure keeps its type and as much text as fits, source before message before stack trace") {
  Failure failure;
  failure.mutable_application_failure_info()->set_type("Broken");
  failure.mutable_application_failure_info()->set_non_retryable(true);
  failure.mutable_application_failure_info()->mutable_details()->add_payloads()->set_data("left out");
  failure.set_source("worker");
  failure.set_message(std::string(50, 'm'));
  failure.set_stack_trace(std::string(1000, 's'));
  failure.mutable_cause()->set_message("no room");
  const Failure cut = Truncate(failure, 200);
  REQUIRE(cut.application_failure_info().type() == "Broken");
  REQUIRE(cut.application_failure_info().non_retryable());
  REQUIRE_FALSE(cut.application_failure_info().has_details());
  REQUIRE(cut.source() == "worker");
  REQUIRE(cut.message() == std::string(50, 'm'));
  REQUIRE(cut.stack_trace().size() < 120);
  REQUIRE_FALSE(cut.has_cause());
  REQUIRE(cut.ByteSizeLong() <= 200);
}

TEST_CASE("Text is cut between characters") {
  Failure failure;
  failure.set_message("aä" + std::string(100, 'b'));
  REQUIRE(Truncate(failure, 2).message() == "a");
  REQUIRE(Truncate(failure, 3).message() == "aä");
  REQUIRE(Truncate(failure, 0).message().empty());
}

TEST_CASE("Causes are kept down to a depth") {
  Failure failure;
  Failure* last = &failure;
  for (int i = 0; i < 50; ++i) {
    last->set_message("x");
    last = last->mutable_cause();
  }
  const Failure cut = Truncate(failure, 100'000);
  int depth = 0;
  for (const Failure* at = &cut; at->has_cause(); at = &at->cause()) ++depth;
  REQUIRE(depth == 20);
}

TEST_CASE("A failure within the limit is left alone") {
  Failure failure;
  failure.set_message(std::string(100'000, 'x'));
  REQUIRE_FALSE(CutToLimit(failure));
  REQUIRE(failure.message().size() == 100'000);
}

}  // namespace
}  // namespace perdure::engine
