#include "server/matching/rate_limit.h"

#include <catch2/catch.hpp>
#include <limits>

namespace perdure::server {
namespace {

constexpr absl::Duration kNow = absl::Hours(1);

// How many tasks go at once.
int TakeAll(RateLimit& limit, absl::Duration now) {
  int taken = 0;
  for (; taken < 1000 && limit.Wait(now) == absl::ZeroDuration(); ++taken) limit.Take(now);
  return taken;
}

TEST_CASE("without a limit tasks go at once") {
  RateLimit limit;
  CHECK(TakeAll(limit, kNow) == 1000);
  limit.Set(std::numeric_limits<double>::infinity(), kNow);
  CHECK(!limit.per_second().has_value());
  CHECK(TakeAll(limit, kNow) == 1000);
}

TEST_CASE("a second's worth goes at once, and then one at a time") {
  RateLimit limit;
  limit.Set(4, kNow);
  CHECK(TakeAll(limit, kNow) == 4);
  CHECK(limit.Wait(kNow) == absl::Milliseconds(250));
  CHECK(TakeAll(limit, kNow + absl::Milliseconds(249)) == 0);
  CHECK(TakeAll(limit, kNow + absl::Milliseconds(250)) == 1);
  CHECK(TakeAll(limit, kNow + absl::Minutes(1)) == 4);
}

TEST_CASE("a rate below one lets one task go, then waits for the next") {
  RateLimit limit;
  limit.Set(0.5, kNow);
  CHECK(TakeAll(limit, kNow) == 1);
  CHECK(limit.Wait(kNow) == absl::Seconds(2));
}

TEST_CASE("a limit of zero stops the queue until there is another") {
  RateLimit limit;
  limit.Set(0, kNow);
  CHECK(limit.per_second() == 0);
  CHECK(limit.Wait(kNow) == absl::InfiniteDuration());
  CHECK(limit.Wait(kNow + absl::Hours(1)) == absl::InfiniteDuration());
  limit.Set(10, kNow + absl::Hours(1));
  CHECK(limit.Wait(kNow + absl::Hours(1)) == absl::Milliseconds(100));
  limit.Set(0, kNow + absl::Hours(1));
  limit.Set(std::nullopt, kNow + absl::Hours(1));
  CHECK(TakeAll(limit, kNow + absl::Hours(1)) == 1000);
}

TEST_CASE("what a low rate made tasks wait is forgotten with the rate") {
  RateLimit limit;
  limit.Set(0.001, kNow);
  CHECK(TakeAll(limit, kNow) == 1);
  CHECK(limit.Wait(kNow) == absl::Seconds(1000));
  RateLimit lifted = limit;
  lifted.Set(std::nullopt, kNow);
  CHECK(TakeAll(lifted, kNow) == 1000);
  limit.Set(10, kNow);
  CHECK(limit.Wait(kNow) == absl::Milliseconds(100));
  CHECK(TakeAll(limit, kNow + absl::Seconds(2)) == 10);
}

TEST_CASE("a rate of next to nothing stops the queue as zero does") {
  for (const double rate : {1e-9, 1e-300, std::numeric_limits<double>::denorm_min()}) {
    RateLimit limit;
    limit.Set(rate, kNow);
    CHECK(limit.per_second() == rate);
    CHECK(limit.Wait(kNow + absl::Hours(1000)) == absl::InfiniteDuration());
    limit.Set(std::nullopt, kNow);
    CHECK(TakeAll(limit, kNow) == 1000);
  }
}

TEST_CASE("a rate that is said again changes nothing, a lower one takes what is too much") {
  RateLimit limit;
  limit.Set(4, kNow);
  CHECK(TakeAll(limit, kNow) == 4);
  limit.Set(4, kNow);
  CHECK(TakeAll(limit, kNow) == 0);
  limit.Set(100, kNow);
  limit.Set(2, kNow + absl::Seconds(1));
  CHECK(TakeAll(limit, kNow + absl::Seconds(1)) == 2);
}

}  // namespace
}  // namespace perdure::server
