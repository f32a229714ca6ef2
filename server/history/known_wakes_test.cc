#include "server/history/known_wakes.h"

#include <catch2/catch.hpp>

namespace perdure::server {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'000'000);
constexpr absl::Duration kHour = absl::Hours(1);

TEST_CASE("a wake is added only when none there is early enough") {
  KnownWakes wakes;
  persistence::RunWrite first;
  wakes.Lower({kNow, std::nullopt}, first);
  CHECK(first.wakes_added == std::vector<absl::Time>{kNow});
  persistence::RunWrite later;
  wakes.Lower({std::nullopt, kNow + kHour}, later);
  CHECK(later.wakes_added.empty());
  CHECK(later.wakes_removed.empty());
  persistence::RunWrite earlier;
  wakes.Lower({std::nullopt, kNow - kHour}, earlier);
  CHECK(earlier.wakes_added == std::vector<absl::Time>{kNow - kHour});
  CHECK(earlier.wakes_removed == std::vector<absl::Time>{kNow});
}

TEST_CASE("a suspected row is no promise, and is cleaned up") {
  KnownWakes wakes;
  wakes.Suspect(kNow);
  persistence::RunWrite write;
  wakes.Lower({std::nullopt, kNow + kHour}, write);
  CHECK(write.wakes_added == std::vector<absl::Time>{kNow + kHour});
  CHECK(write.wakes_removed == std::vector<absl::Time>{kNow});
}

TEST_CASE("settled rows say exactly when") {
  KnownWakes wakes;
  wakes.Trust(kNow);
  CHECK(wakes.Lags({std::nullopt, kNow + kHour}, absl::Minutes(1)));
  persistence::RunWrite write;
  CHECK(wakes.Settle({kNow, kNow + kHour}, write));
  CHECK(write.wakes_added == std::vector<absl::Time>{kNow + kHour});
  CHECK(write.wakes_removed.empty());
  persistence::RunWrite again;
  CHECK(!wakes.Settle({kNow, kNow + kHour}, again));
  CHECK(!wakes.Lags({kNow, kNow + kHour}, absl::ZeroDuration()));
  persistence::RunWrite none;
  wakes.RemoveAll(none);
  CHECK(none.wakes_removed.size() == 2);
}

TEST_CASE("times count as the store keeps them") {
  KnownWakes wakes;
  engine::Obligations obligations;
  obligations.next_timer = kNow + absl::Nanoseconds(1500);
  persistence::RunWrite write;
  wakes.Lower(WakeTimes::Of(obligations, absl::UnixEpoch()), write);
  REQUIRE(write.wakes_added.size() == 1);
  CHECK(write.wakes_added[0] == kNow + absl::Microseconds(1));
  CHECK(wakes.Trusts(*obligations.next_timer));
}

}  // namespace
}  // namespace perdure::server
