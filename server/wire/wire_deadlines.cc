// WireConnection: deadlines that clients set.

#include <utility>

#include "absl/status/status.h"
#include "server/wire/wire_connection.h"

namespace perdure::server {

void WireConnection::NoteDeadline(const WireStream& stream) {
  if (!stream.deadline) return;
  deadlines_.emplace(*stream.deadline, stream.id);
  ArmDeadline();
}

void WireConnection::ForgetDeadline(const WireStream& stream) {
  if (stream.deadline) deadlines_.erase({*stream.deadline, stream.id});
}

// One timer for all of them: nearly all calls are answered long before, and cost none.
void WireConnection::ArmDeadline() {
  if (deadlines_.empty()) return;
  const absl::Duration first = deadlines_.begin()->first;
  if (deadline_timer_ != Executor::kNoTimer) {
    if (deadline_armed_ <= first) return;
    loop_.Cancel(deadline_timer_);
  }
  deadline_armed_ = first;
  deadline_timer_ = loop_.RunAfter(first - loop_.Monotonic(), [this, link = link_] {
    if (link->answers != nullptr) OnDeadlines();
  });
}

void WireConnection::OnDeadlines() {
  deadline_timer_ = Executor::kNoTimer;
  const absl::Duration now = loop_.Monotonic();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const int32_t number = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    if (WireStream* const stream = Find(number); stream != nullptr) GiveUp(*stream);
  }
  ArmDeadline();
  FlushLater();
}

// Whatever the client does by itself: its call ends now.
void WireConnection::GiveUp(WireStream& stream) {
  if (stream.ended) {
    // An answer that it has not taken in time.
    if (!stream.pieces.empty()) {
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
    }
    return;
  }
  // In the words of the real server.
  const absl::Status passed = absl::DeadlineExceededError("context deadline exceeded");
  if (stream.call == nullptr && !stream.answering) {
    stream.refused = passed;
    stream.wants_room = false;
    return ServeOne(stream);
  }
  reserved_ -= std::exchange(stream.reserved, 0);
  if (stream.call != nullptr) stream.call->ClientLeft();
  Finish(stream, passed);
}

}  // namespace perdure::server
