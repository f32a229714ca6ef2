#include "base/time.h"

#include <catch2/catch.hpp>

namespace perdure {
namespace {

TEST_CASE("A time survives the way to protobuf and back") {
  for (const absl::Time time : {absl::UnixEpoch(), absl::FromUnixNanos(1'700'000'000'123'456'789),
                                absl::FromUnixNanos(-1), absl::FromUnixSeconds(-62135596800)}) {
    CHECK(FromProto(ToProto(time)) == time);
  }
}

TEST_CASE("A time before the epoch has positive nanoseconds") {
  const auto proto = ToProto(absl::FromUnixNanos(-1));
  CHECK(proto.seconds() == -1);
  CHECK(proto.nanos() == 999'999'999);
}

TEST_CASE("A duration survives the way to protobuf and back, its sign on both parts") {
  for (const absl::Duration duration : {absl::ZeroDuration(), absl::Milliseconds(1500), absl::Nanoseconds(1),
                                        -absl::Milliseconds(1500), absl::Hours(24 * 365 * 100)}) {
    CHECK(FromProto(ToProto(duration)) == duration);
  }
  CHECK(ToProto(-absl::Milliseconds(1500)).seconds() == -1);
  CHECK(ToProto(-absl::Milliseconds(1500)).nanos() == -500'000'000);
}

TEST_CASE("What protobuf cannot hold is clamped") {
  CHECK(ToProto(absl::InfiniteFuture()).seconds() == 253402300799);
  CHECK(ToProto(absl::InfinitePast()).seconds() == -62135596800);
  CHECK(ToProto(absl::InfiniteDuration()).seconds() == 315576000000);
}

}  // namespace
}  // namespace perdure
