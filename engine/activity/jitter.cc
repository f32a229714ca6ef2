#include "engine/activity/jitter.h"

#include "base/time.h"

namespace perdure::engine::activity {

absl::Duration Jittered(const google::protobuf::Duration& most, Random& random) {
  const absl::Duration duration = FromProto(most);
  return duration > absl::ZeroDuration() ? duration * random.Fraction() : absl::ZeroDuration();
}

}  // namespace perdure::engine::activity
