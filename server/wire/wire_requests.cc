// WireConnection: requests.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "server/frontend/call_errors.h"
#include "server/wire/grpc_text.h"
#include "server/wire/wire_connection.h"

namespace perdure::server {
namespace {

// What a stream takes besides what is counted.
constexpr size_t kStreamBytes = 1024;
// Larger windows of one connection at a time, unless a single request needs more.
constexpr size_t kRooms = 8 << 20;
// Calls that a client may cancel at once, and how many more in each second.
constexpr double kResetBurst = 1000;
constexpr double kResetsEachSecond = 100;
// Streams that the server has reset and of which it is known.
constexpr size_t kOwnResets = 1000;

}  // namespace

void WireConnection::Charge(WireStream& stream, size_t bytes) {
  stream.charged += bytes;
  account_->Add(WireAccount::kRequests, bytes);
}

int WireConnection::OnHeader(WireStream& stream, std::string_view name, std::string_view value) {
  // As HTTP/2 counts them.
  stream.header_bytes += name.size() + value.size() + 32;
  if (stream.header_bytes > limits::kGrpcMetadata || stream.headers.size() >= limits::kWireHeaders) {
    if (stream.refused.ok()) {
      world_.budget.limits().Note(WireLimit::kHeaders, account_->peer(), "its call was refused");
      stream.refused = absl::ResourceExhaustedError("received initial metadata size exceeds limit");
      stream.headers.clear();
    }
    return 0;
  }
  if (name == ":path") {
    stream.path = value;
  } else if (name == ":method") {
    stream.http_method = value;
  } else if (name == "content-type") {
    stream.content_type = value;
  } else if (name == "grpc-timeout") {
    if (const auto timeout = ParseGrpcTimeout(value)) stream.deadline = stream.begun + *timeout;
  } else if (name == "grpc-encoding") {
    const auto encoding = MessageReader::EncodingOf(value);
    if (encoding) {
      stream.reader.set_encoding(*encoding);
    } else {
      stream.refused = absl::UnimplementedError(
          fmt::format("grpc: Decompressor is not installed for grpc-encoding \"{}\"", Shown(value)));
    }
  } else if (!name.empty() && name.front() != ':') {
    stream.headers.emplace_back(name, value);
  }
  return 0;
}

void WireConnection::OnRequestHeaders(WireStream& stream) {
  Charge(stream, kStreamBytes + stream.header_bytes);
  NoteDeadline(stream);
  stream.method = world_.Find(stream.path);
  stream.side = FindSideMethod(stream.path);
  if (!stream.refused.ok()) return;
  if (stream.http_method != "POST" || !absl::StartsWith(stream.content_type, "application/grpc")) {
    stream.refused =
        absl::InternalError("not a call of gRPC: it wants POST and the content type application/grpc");
  } else if (stream.method == nullptr && !stream.side) {
    stream.refused = absl::UnimplementedError(fmt::format("unknown method {}", Shown(stream.path)));
  }
}

void WireConnection::OnRequestData(WireStream& stream, std::string_view bytes) {
  if (stream.whole || stream.answering || !stream.refused.ok()) return;
  Charge(stream, bytes.size());
  stream.refused = stream.reader.Add(bytes);
  if (!stream.refused.ok()) {
    // The client need not send the rest.
    ready_.push_back(stream.id);
    return;
  }
  if (stream.side == SideMethod::kReflection) return ready_.push_back(stream.id);
  if (stream.room == 0 && !stream.wants_room && stream.reader.expected() > limits::kWireWindow) {
    stream.wants_room = true;
    stream.wanted = loop_.Monotonic();
    wanting_.push_back(stream.id);
  }
}

void WireConnection::OnRequestEnd(WireStream& stream) {
  if (std::exchange(stream.whole, true)) return;
  --half_;
  ready_.push_back(stream.id);
}

// A client's cancellations are in order, but not so many that it can only mean to keep the server busy.
void WireConnection::OnReset() {
  const absl::Duration now = loop_.Monotonic();
  resets_ = std::max(0.0, resets_ - absl::ToDoubleSeconds(now - resets_at_) * kResetsEachSecond) + 1;
  resets_at_ = now;
  if (resets_ > kResetBurst) broken_ = WireLimit::kResets;
}

void WireConnection::NoteOwnReset(int32_t number) {
  own_resets_.push_back(number);
  if (own_resets_.size() <= kOwnResets) return;
  forgotten_reset_ = std::max(forgotten_reset_, own_resets_.front());
  own_resets_.pop_front();
}

// libnghttp2 remembers no closed streams, so that they take no memory. What comes for one is an error, unless
// the client cannot know yet that the server has reset it.
void WireConnection::CheckOpen(int32_t number) {
  if (number > nghttp2_session_get_last_proc_stream_id(session_) || number <= forgotten_reset_ ||
      nghttp2_session_find_stream(session_, number) != nullptr ||
      std::find(own_resets_.begin(), own_resets_.end(), number) != own_resets_.end()) {
    return;
  }
  nghttp2_session_terminate_session(session_, NGHTTP2_STREAM_CLOSED);
}

// Requests larger than the window that all streams have are given theirs one after the other, so that each of
// them comes to its end.
void WireConnection::GiveRoom() {
  while (!wanting_.empty()) {
    WireStream* const stream = Find(wanting_.front());
    if (stream != nullptr && stream->wants_room) {
      const size_t room = stream->reader.expected();
      if (rooms_ != 0 && rooms_ + room > kRooms) return;
      stream->wants_room = false;
      stream->room = room;
      stream->begun = loop_.Monotonic();
      arriving_.emplace_back(stream->begun, stream->id);
      rooms_ += room;
      nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, stream->id,
                                            static_cast<int32_t>(room + limits::kWireWindow));
    }
    wanting_.pop_front();
  }
}

// Whether its answer would find room. One call at a time always may.
bool WireConnection::MayServe(const WireStream& stream) const {
  if (!stream.refused.ok() || stream.method == nullptr) return true;
  const size_t expected = world_.sizes.Expected(*stream.method);
  const size_t held = account_->held(WireAccount::kAnswers) + reserved_;
  return held == 0 || held + expected <= limits::kWireAnswerBytes;
}

void WireConnection::Serve() {
  held_back_ = false;
  while (!ready_.empty() && socket_ != nullptr) {
    WireStream* const stream = Find(ready_.front());
    if (stream != nullptr) {
      if (!MayServe(*stream)) {
        held_back_ = true;
        return;
      }
      ready_.pop_front();
      if (stream->side && stream->refused.ok()) {
        ServeSide(*stream);
      } else {
        ServeOne(*stream);
      }
      continue;
    }
    ready_.pop_front();
  }
  said_held_back_ = false;
  if (socket_ != nullptr) FlushLater();
}

void WireConnection::ServeOne(WireStream& stream) {
  if (stream.answering || stream.call != nullptr) return;
  absl::StatusOr<std::optional<std::string>> message = std::optional<std::string>();
  if (stream.refused.ok()) message = stream.reader.Next();
  if (message.ok() && stream.refused.ok() && !message->has_value()) {
    message = absl::InternalError("grpc: the request ended before its message did");
  }
  if (!message.ok()) stream.refused = message.status();
  rooms_ -= std::exchange(stream.room, 0);
  if (stream.method == nullptr) return Finish(stream, stream.refused);

  auto* const call = new WireCall(*stream.method, world_, account_, link_, stream.id,
                                  std::move(stream.headers), stream.deadline);
  stream.call = call;
  CallPtr held(call);
  if (!stream.refused.ok()) return held->Fail(stream.refused);
  if (stream.method->spec.handler == nullptr) {
    return held->Fail(
        absl::UnimplementedError(fmt::format("{} is not implemented.", stream.method->spec.name)));
  }
  stream.reserved = world_.sizes.Expected(*stream.method);
  reserved_ += stream.reserved;
  if (stream.reserved != 0) busy_.emplace_back(loop_.Monotonic(), stream.id);
  const std::string bytes = *std::move(*message);
  stream.method->spec.handler(
      world_.frontend, std::move(held),
      [&bytes](absl::FunctionRef<bool(google::protobuf::io::ZeroCopyInputStream&)> read) {
        google::protobuf::io::ArrayInputStream input(bytes.data(), static_cast<int>(bytes.size()));
        return read(input);
      });
  // The handler may have answered, but nothing was sent: answers come by the loop.
  account_->Take(WireAccount::kRequests, stream.charged - kStreamBytes);
  stream.charged = kStreamBytes;
}

void WireConnection::ServeSide(WireStream& stream) {
  while (stream.refused.ok()) {
    auto message = stream.reader.Next();
    if (!message.ok()) return Finish(stream, message.status());
    if (!message->has_value()) break;
    ReplyBytes bytes;
    if (stream.side == SideMethod::kReflection) {
      auto answer = Reflect(**message);
      if (!answer.ok()) return Finish(stream, answer.status());
      nghttp2_session_consume_stream(session_, stream.id, message->value().size() + kMessagePrefix);
      bytes.Append(*std::move(answer));
      SendMessage(stream, std::move(bytes), /*charged=*/false);
      continue;
    }
    const auto service = HealthServiceOf(**message);
    if (!service.ok()) return Finish(stream, service.status());
    if (stream.side == SideMethod::kHealthWatch) {
      stream.watched = *service;
      bytes.Append(WatchedHealth(*service, world_.healthy));
      return SendMessage(stream, std::move(bytes), /*charged=*/false);
    }
    auto answer = CheckHealth(*service, world_.healthy);
    if (!answer.ok()) return Finish(stream, answer.status());
    bytes.Append(*std::move(answer));
    SendMessage(stream, std::move(bytes), /*charged=*/false);
    return Finish(stream, absl::OkStatus());
  }
  if (!stream.whole) return;
  const bool served = stream.side == SideMethod::kReflection;
  Finish(stream, served ? absl::OkStatus() : absl::InternalError("grpc: the request has no message"));
}

}  // namespace perdure::server
