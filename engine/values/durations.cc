#include "engine/values/durations.h"

#include "absl/time/time.h"
#include "base/time.h"

namespace perdure::engine {
namespace {

constexpr int64_t kMaxSeconds = int64_t{100} * 365 * 24 * 60 * 60;
constexpr int32_t kMaxNanos = 999'999'999;

}  // namespace

std::optional<std::string_view> ValidateAndCap(google::protobuf::Duration& duration) {
  const bool mixed_signs =
      (duration.seconds() > 0 && duration.nanos() < 0) || (duration.seconds() < 0 && duration.nanos() > 0);
  if (mixed_signs) return "duration has seconds and nanos with different signs";
  if (duration.seconds() < 0 || duration.nanos() < 0) return "negative duration";
  if (duration.nanos() > kMaxNanos) return "duration has nanos out of range";
  if (FromProto(duration) > absl::Seconds(kMaxSeconds)) {
    duration.set_seconds(kMaxSeconds);
    duration.set_nanos(0);
  }
  return std::nullopt;
}

}  // namespace perdure::engine
