#include "base/run_ids.h"

#include <catch2/catch.hpp>

#include "base/event_loop.h"

namespace perdure {
namespace {

TEST_CASE("ids of runs are UUIDs of version 7, in order of their milliseconds") {
  const auto random = NewSeededRandom(1);
  const absl::Time now = absl::FromUnixMillis(0x0190'1234'5678);
  const Uuid first = MintRunId(now, *random);
  CHECK(first.ToString().substr(0, 15) == "01901234-5678-7");
  CHECK((first.bytes[8] & 0xc0) == 0x80);  // the variant of RFC 9562
  CHECK(MintRunId(now, *random) != first);
  CHECK(MintRunId(now + absl::Milliseconds(1), *random) > first);
  CHECK(MintRunId(absl::UnixEpoch() - absl::Seconds(1), *random).ToString().substr(0, 15) ==
        "00000000-0000-7");
}

}  // namespace
}  // namespace perdure
