#include "server/cli/store_reporter.h"

#include <string>
#include <utility>

#include "base/log_fields.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

std::string Seconds(absl::Duration duration) { return std::to_string(absl::ToInt64Seconds(duration)); }

}  // namespace

void StoreReporter::OnReach(std::string_view why) {
  const absl::Duration now = clock_.Monotonic();
  const MutexLock lock(mutex_);
  if (why.empty()) {
    if (!away_since_) return;
    const absl::Duration away = now - *std::exchange(away_since_, std::nullopt);
    spdlog::warn("{}", WithFields("the database answers again", {{"seconds", Seconds(away)}}));
    return;
  }
  if (away_since_ && now < next_line_) return;
  const bool first = !away_since_;
  if (first) away_since_ = now;
  next_line_ = now + kInterval;
  spdlog::warn("{}", WithFields(first ? "the database does not answer; waiting for it"
                                      : "the database still does not answer",
                                {{"seconds", Seconds(now - *away_since_)}, {"error", why}}));
}

void StoreReporter::OnRefusal(std::string_view operation, std::string_view words) {
  spdlog::warn("{}",
               WithFields("the database refused an operation", {{"operation", operation}, {"error", words}}));
}

}  // namespace perdure::server
