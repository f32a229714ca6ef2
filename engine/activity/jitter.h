// A part of a duration, by chance. Pure but for the random source.
#pragma once

#include "absl/time/time.h"
#include "base/random.h"
#include "google/protobuf/duration.pb.h"

namespace perdure::engine::activity {

// From nothing to less than `most`.
absl::Duration Jittered(const google::protobuf::Duration& most, Random& random);

}  // namespace perdure::engine::activity
