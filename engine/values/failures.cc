#include "engine/values/failures.h"

#include <string>

#include "base/limits.h"
#include "base/text.h"

namespace perdure::engine {
namespace {

// Depth of causes, and what the fields of a message cost beside their text: as the real server counts them.
constexpr int kMaxDepth = 20;
constexpr int64_t kTextOverhead = 4;
constexpr int64_t kApplicationInfoOverhead = 8;
constexpr int64_t kServerInfoOverhead = 4;
constexpr int64_t kCauseOverhead = 4;

// Takes texts as long as there is room.
class Room {
 public:
  explicit Room(int64_t bytes) : left_(bytes) {}

  std::string Take(const std::string& text) {
    const std::string_view taken = Beginning(text, left_ > 0 ? static_cast<size_t>(left_) : 0);
    left_ -= static_cast<int64_t>(taken.size());
    if (!taken.empty()) left_ -= kTextOverhead;
    return std::string(taken);
  }
  void Spend(int64_t bytes) { left_ -= bytes; }
  int64_t left() const { return left_; }

 private:
  int64_t left_;
};

Failure TruncateTo(const Failure& failure, int64_t bytes, int depth) {
  Room room(bytes);
  Failure cut;
  if (failure.has_application_failure_info()) {
    const auto& info = failure.application_failure_info();
    auto* cut_info = cut.mutable_application_failure_info();
    cut_info->set_non_retryable(info.non_retryable());
    cut_info->set_type(room.Take(info.type()));
    room.Spend(kApplicationInfoOverhead);
  } else if (failure.has_server_failure_info()) {
    cut.mutable_server_failure_info()->set_non_retryable(failure.server_failure_info().non_retryable());
    room.Spend(kServerInfoOverhead);
  }
  cut.set_source(room.Take(failure.source()));
  cut.set_message(room.Take(failure.message()));
  cut.set_stack_trace(room.Take(failure.stack_trace()));
  if (failure.has_cause() && room.left() > kCauseOverhead && depth > 0) {
    *cut.mutable_cause() = TruncateTo(failure.cause(), room.left() - kCauseOverhead, depth - 1);
  }
  return cut;
}

}  // namespace

Failure ServerFailure(std::string_view message, bool non_retryable) {
  Failure failure;
  failure.set_message(std::string(message));
  failure.mutable_server_failure_info()->set_non_retryable(non_retryable);
  return failure;
}

Failure TimeoutFailure(std::string_view message, temporal::api::enums::v1::TimeoutType type) {
  Failure failure;
  failure.set_message(std::string(message));
  failure.set_source("Server");
  failure.mutable_timeout_failure_info()->set_timeout_type(type);
  return failure;
}

Failure Truncate(const Failure& failure, size_t bytes) {
  return TruncateTo(failure, static_cast<int64_t>(bytes), kMaxDepth);
}

bool CutToLimit(Failure& failure) {
  if (failure.ByteSizeLong() <= limits::kBlobSize) return false;
  Failure server_failure = ServerFailure("Failure exceeds size limit.", /*non_retryable=*/true);
  *server_failure.mutable_cause() = Truncate(failure, limits::kCutFailureSize);
  failure = std::move(server_failure);
  return true;
}

}  // namespace perdure::engine
