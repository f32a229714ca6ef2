#include "server/wire/wire_connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace perdure::server {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
// About as much is taken from libnghttp2 before it is sent.
constexpr size_t kWriteBytes = 64 * 1024;
// Reads of one connection in one turn of the loop; the others have theirs then.
constexpr int kReadsAtOnce = 4;
// A request that has waited so long for a larger window is told of: those before it do not come to their
// ends.
constexpr absl::Duration kLongForRoom = absl::Seconds(1);

}  // namespace

WireConnection::WireConnection(WireWorld& world, EventLoop& loop, int fd, std::string peer,
                               std::shared_ptr<SSL_CTX> tls, Over over, Refused refused)
    : world_(world),
      loop_(loop),
      tls_(std::move(tls)),
      socket_(std::make_unique<WireSocket>(fd, tls_.get())),
      over_(std::move(over)),
      refused_(std::move(refused)),
      link_(std::make_shared<WireCall::Link>(WireCall::Link{this})),
      account_(
          std::make_shared<WireAccount>(world.budget, loop, std::move(peer), [this](WireLimit) { Close(); })),
      begun_(loop.Monotonic()),
      last_read_(begun_),
      last_busy_(begun_),
      last_progress_(begun_),
      resets_at_(begun_) {
  MakeSession();
}

WireConnection::~WireConnection() {
  link_->answers = nullptr;
  account_->Leave();
  for (auto& [number, stream] : streams_) Release(*stream);
  account_->Take(WireAccount::kAnswers, std::exchange(output_charged_, 0));
  nghttp2_session_del(session_);
}

void WireConnection::Begin() {
  loop_.Watch(socket_->fd(), interest_, [this](EventLoop::Interest) { OnReady(); });
  FlushLater();
}

void WireConnection::Close() {
  if (socket_ == nullptr) return;
  loop_.Unwatch(socket_->fd());
  socket_.reset();
  loop_.Cancel(std::exchange(deadline_timer_, Executor::kNoTimer));
  link_->answers = nullptr;
  account_->Leave();
  for (auto& [number, stream] : streams_) {
    if (stream->call != nullptr) stream->call->ClientLeft();
  }
  over_(*this);
}

void WireConnection::CloseFor(WireLimit limit, std::string_view what) {
  if (socket_ == nullptr) return;
  world_.budget.limits().Note(limit, account_->peer(), what);
  Close();
}

WireStream* WireConnection::Find(int32_t number) {
  const auto found = streams_.find(number);
  return found == streams_.end() ? nullptr : found->second.get();
}

void WireConnection::OnReady() {
  if (socket_ == nullptr) return;
  if (!tls_done_ && !FinishHandshake()) return;
  flush_due_ = true;  // at the end of this turn
  // What TLS holds already is not reported by the descriptor.
  for (int reads = 0; reads < kReadsAtOnce && socket_ != nullptr && interest_.readable; ++reads) {
    Read();
    if (socket_ == nullptr || !socket_->HasPending()) break;
  }
  if (socket_ == nullptr) return;
  if (socket_->HasPending() && interest_.readable)
    loop_.Post([this, link = link_] {
      if (link->answers != nullptr) OnReady();
    });
  Flush();
}

bool WireConnection::FinishHandshake() {
  switch (socket_->Handshake()) {
    case WireSocket::Result::kDone:
      tls_done_ = true;
      Want({.readable = true});
      return true;
    case WireSocket::Result::kWait:
      Want({.readable = !socket_->wants_write(), .writable = socket_->wants_write()});
      return false;
    case WireSocket::Result::kRefused:
      refused_(socket_->handshake_error());
      [[fallthrough]];
    case WireSocket::Result::kClosed:
      Close();
      return false;
  }
  PERDURE_CHECK(false, "no such result");
}

void WireConnection::Read() {
  // One buffer for all connections of a loop: what libnghttp2 takes in it copies.
  thread_local std::array<char, kReadBytes> input;
  size_t count = 0;
  switch (socket_->Read(absl::MakeSpan(input), count)) {
    case WireSocket::Result::kWait:
      return;
    case WireSocket::Result::kRefused:
    case WireSocket::Result::kClosed:
      return Close();
    case WireSocket::Result::kDone:
      break;
  }
  last_read_ = loop_.Monotonic();
  pinged_ = false;
  const ssize_t taken =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(input.data()), count);
  if (broken_) return CloseFor(*broken_, "its connection was closed");
  if (taken < 0) {
    const bool flood = taken == NGHTTP2_ERR_FLOODED;
    return CloseFor(flood ? WireLimit::kResets : WireLimit::kProtocol, "its connection was closed");
  }
  GiveRoom();
  Serve();
}

void WireConnection::FlushLater() {
  if (std::exchange(flush_due_, true)) return;
  loop_.Post([this, link = link_] {
    if (link->answers != nullptr) Flush();
  });
}

void WireConnection::Flush() {
  flush_due_ = false;
  if (socket_ == nullptr || (tls_ != nullptr && !tls_done_)) return;
  while (output_sent_ < output_.size() || Fill()) {
    size_t count = 0;
    const auto result = socket_->Write(std::string_view(output_).substr(output_sent_), count);
    if (result == WireSocket::Result::kWait) {
      // Nothing is read meanwhile: what answers it would only be held too.
      return Want({.readable = !socket_->wants_write(), .writable = socket_->wants_write()});
    }
    if (result != WireSocket::Result::kDone) return Close();
    output_sent_ += count;
    last_progress_ = loop_.Monotonic();
  }
  if (socket_ == nullptr) return;
  Want({.readable = true});
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) return Close();
  if (draining_ && goaway_sent_ && streams_.empty()) return Close();
  // Answers that went out made room for calls that wait.
  if (held_back_) Serve();
}

// Takes frames from libnghttp2; false when there are none, or the connection is over.
bool WireConnection::Fill() {
  account_->Take(WireAccount::kAnswers, std::exchange(output_charged_, 0));
  output_.clear();
  output_sent_ = 0;
  ssize_t count = 1;
  while (count > 0 && output_.size() < kWriteBytes) {
    const uint8_t* frames = nullptr;
    count = nghttp2_session_mem_send(session_, &frames);
    if (count > 0) output_.append(reinterpret_cast<const char*>(frames), static_cast<size_t>(count));
  }
  if (count < 0) {
    Close();
    return false;
  }
  output_charged_ = output_.size();
  account_->Add(WireAccount::kAnswers, output_charged_);
  if (output_.capacity() > 2 * kWriteBytes && output_.empty()) output_.shrink_to_fit();
  return !output_.empty();
}

void WireConnection::Want(EventLoop::Interest interest) {
  if (interest.readable == interest_.readable && interest.writable == interest_.writable) return;
  interest_ = interest;
  loop_.SetInterest(socket_->fd(), interest);
}

void WireConnection::Drain() {
  if (socket_ == nullptr || std::exchange(draining_, true)) return;
  drained_at_ = loop_.Monotonic();
  // First a notice, so that calls on their way are not lost; the end follows with the next tick.
  nghttp2_submit_shutdown_notice(session_);
  FlushLater();
}

void WireConnection::SayGoodbye() {
  if (socket_ == nullptr) return;
  SendGoaway();
  Flush();
}

void WireConnection::SendGoaway() {
  if (std::exchange(goaway_sent_, true)) return;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

void WireConnection::Tick() {
  if (socket_ == nullptr) return;
  const absl::Duration now = loop_.Monotonic();
  if (!handshaken_) {
    if (now - begun_ > limits::kWireHandshake) CloseFor(WireLimit::kHandshake, "its connection was closed");
    return;
  }
  if (!streams_.empty()) last_busy_ = now;
  if (account_->held(WireAccount::kAnswers) == 0) last_progress_ = now;
  if (now - last_progress_ > limits::kWireStalled) {
    return CloseFor(WireLimit::kUnreadAnswers, "its connection, which took nothing, was closed");
  }
  TickStreams(now);
  TickWanting(now);
  TickIdle(now);
  if (socket_ == nullptr) return;
  AnnounceCalls();
  Flush();
}

void WireConnection::TickStreams(absl::Duration now) {
  while (!arriving_.empty()) {
    const auto [since, number] = arriving_.front();
    WireStream* const stream = Find(number);
    const bool arrives = stream != nullptr && !stream->whole && !stream->answering && !stream->side;
    // One that waits for a larger window, or got it since, has time from then on.
    if (arrives && !stream->wants_room && stream->begun == since) {
      if (now - since < limits::kWireArrival) break;
      if (stream->charged - stream->charged_then >= limits::kWireArrivingBytes) {
        stream->begun = now;
        stream->charged_then = stream->charged;
        arriving_.emplace_back(now, number);
      } else {
        world_.budget.limits().Note(WireLimit::kArrival, account_->peer(), "its call was ended");
        // Not UNAVAILABLE, after which an SDK would send it again as slowly.
        stream->refused = absl::DeadlineExceededError("the request did not arrive in time");
        ServeOne(*stream);
      }
    }
    arriving_.pop_front();
  }
  while (!busy_.empty() && now - busy_.front().first >= limits::kWireAnswerTime) {
    if (WireStream* const stream = Find(busy_.front().second); stream != nullptr) {
      reserved_ -= std::exchange(stream->reserved, 0);
    }
    busy_.pop_front();
  }
  if (held_back_ && now - last_progress_ >= limits::kWireAnswerTime &&
      !std::exchange(said_held_back_, true)) {
    world_.budget.limits().Note(WireLimit::kUnreadAnswers, account_->peer(),
                                "no more of its calls are served until it takes their answers");
  }
  Serve();
}

void WireConnection::TickWanting(absl::Duration now) {
  for (const int32_t number : wanting_) {
    WireStream* const stream = Find(number);
    if (stream == nullptr || !stream->wants_room || stream->said_wanting) continue;
    // Those behind it have waited less.
    if (now - stream->wanted < kLongForRoom) return;
    stream->said_wanting = true;
    world_.budget.limits().Note(WireLimit::kWindows, account_->peer(),
                                "its call waits until larger requests before it have come");
  }
}

void WireConnection::TickIdle(absl::Duration now) {
  if (draining_) {
    SendGoaway();
    if (now - drained_at_ > limits::kWireAgeGrace) Close();
    return;
  }
  const bool idle = streams_.empty() && now - last_busy_ > world_.times.idle;
  if (idle || now - begun_ > world_.times.age) return Drain();
  if (pinged_ && now - pinged_at_ > limits::kWirePingAnswer) return Close();
  if (!pinged_ && now - last_read_ > limits::kWirePing) {
    pinged_ = true;
    pinged_at_ = now;
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  }
}

void WireConnection::PushHealth() {
  if (socket_ == nullptr) return;
  for (auto& [number, stream] : streams_) {
    if (stream->side != SideMethod::kHealthWatch || !stream->answering) continue;
    ReplyBytes bytes;
    bytes.Append(WatchedHealth(stream->watched, world_.healthy));
    SendMessage(*stream, std::move(bytes), /*charged=*/false);
  }
  FlushLater();
}

}  // namespace perdure::server
