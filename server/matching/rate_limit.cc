#include "server/matching/rate_limit.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace perdure::server {
namespace {

// What rounding of times to quarters of a nanosecond takes from a token that has just become whole.
constexpr double kRounding = 1e-6;
// Up to this a rate stops the queue, as the real server's does.
constexpr double kNothing = 1e-9;

}  // namespace

double RateLimit::Capacity(double rate) { return rate > kNothing ? std::max(1.0, std::ceil(rate)) : 0; }

double RateLimit::TokensAt(absl::Duration now) const {
  return std::min(Capacity(*rate_), tokens_ + *rate_ * absl::ToDoubleSeconds(now - counted_));
}

void RateLimit::Set(std::optional<double> per_second, absl::Duration now) {
  PERDURE_CHECK(!per_second || *per_second >= 0, "a rate is a number of tasks, refused otherwise");
  if (per_second && std::isinf(*per_second)) per_second.reset();
  if (per_second == rate_) return;
  // Without a limit the bucket is full.
  if (per_second) {
    const double capacity = Capacity(*per_second);
    tokens_ = rate_ ? std::min(capacity, TokensAt(now)) : capacity;
    counted_ = now;
  }
  rate_ = per_second;
}

absl::Duration RateLimit::Wait(absl::Duration now) const {
  if (!rate_) return absl::ZeroDuration();
  const double missing = 1 - TokensAt(now);
  if (missing <= kRounding) return absl::ZeroDuration();
  if (*rate_ <= kNothing) return absl::InfiniteDuration();
  return absl::Seconds(missing / *rate_);
}

void RateLimit::Take(absl::Duration now) {
  if (!rate_) return;
  tokens_ = std::max(0.0, TokensAt(now) - 1);
  counted_ = now;
}

}  // namespace perdure::server
