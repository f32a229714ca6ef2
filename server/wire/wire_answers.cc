// WireConnection: answers, and the ends of streams.

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "base/text.h"
#include "server/frontend/call_errors.h"
#include "server/wire/grpc_text.h"
#include "server/wire/wire_connection.h"

namespace perdure::server {
namespace {

std::string PrefixOf(size_t size) {
  const auto byte = [size](int shift) { return static_cast<char>((size >> shift) & 0xFF); };
  return {0, byte(24), byte(16), byte(8), byte(0)};
}

WireHeaders ExhaustedHeaders(const absl::Status& status) {
  if (!status.GetPayload("type.googleapis.com/temporal.api.errordetails.v1.ResourceExhaustedFailure"))
    return {};
  const Exhausted exhausted = ExhaustedOf(status);
  return {{"x-resource-exhausted-cause", exhausted.cause}, {"x-resource-exhausted-scope", exhausted.scope}};
}

WireHeaders TrailersOf(const absl::Status& status) {
  WireHeaders trailers = {{"grpc-status", std::to_string(static_cast<int>(status.code()))}};
  if (status.ok()) return trailers;
  trailers.emplace_back("grpc-message", PercentEncoded(StdView(status.message())));
  const std::string details = StatusDetailsTrailer(status);
  if (!details.empty()) trailers.emplace_back("grpc-status-details-bin", BinaryValue(details));
  return trailers;
}

}  // namespace

void WireConnection::OnAnswer(int32_t number, absl::StatusOr<ReplyBytes> answer) {
  WireStream* const stream = Find(number);
  // Its client gave it up, or its deadline passed meanwhile.
  if (stream == nullptr || stream->ended) {
    if (answer.ok()) account_->Take(WireAccount::kAnswers, answer->size() + kMessagePrefix);
    return;
  }
  reserved_ -= std::exchange(stream->reserved, 0);
  if (answer.ok()) {
    SendMessage(*stream, *std::move(answer), /*charged=*/true);
    Finish(*stream, absl::OkStatus());
  } else {
    Finish(*stream, answer.status());
  }
  if (held_back_) Serve();
  FlushLater();
}

// `charged`: its bytes are on the account, with its prefix.
void WireConnection::SendMessage(WireStream& stream, ReplyBytes bytes, bool charged) {
  const size_t size = bytes.size();
  if (!charged) account_->Add(WireAccount::kAnswers, size + kMessagePrefix);
  stream.pieces.push_back(PrefixOf(size));
  for (std::string& piece : std::move(bytes).TakePieces()) {
    if (!piece.empty()) stream.pieces.push_back(std::move(piece));
  }
  if (stream.answering) {
    nghttp2_session_resume_data(session_, stream.id);
  } else {
    BeginAnswer(stream, {});
  }
}

void WireConnection::Finish(WireStream& stream, const absl::Status& status) {
  if (std::exchange(stream.ended, true)) return;
  stream.trailers = TrailersOf(status);
  if (stream.answering) {
    nghttp2_session_resume_data(session_, stream.id);
  } else {
    // Never the short form, in which headers and trailers are one: clients would look for the headers among
    // those.
    BeginAnswer(stream, ExhaustedHeaders(status));
  }
  FlushLater();
}

ssize_t WireConnection::FillFrom(WireStream& stream, uint8_t* into, size_t size, uint32_t* flags) {
  size_t filled = 0;
  while (filled < size && !stream.pieces.empty()) {
    const std::string_view rest = std::string_view(stream.pieces.front()).substr(stream.piece_sent);
    const size_t count = std::min(size - filled, rest.size());
    std::memcpy(into + filled, rest.data(), count);
    filled += count;
    stream.piece_sent += count;
    if (count == rest.size()) {
      stream.pieces.pop_front();
      stream.piece_sent = 0;
    }
  }
  account_->Take(WireAccount::kAnswers, filled);
  if (!stream.pieces.empty()) return static_cast<ssize_t>(filled);
  if (!stream.ended) return filled == 0 ? ssize_t{NGHTTP2_ERR_DEFERRED} : static_cast<ssize_t>(filled);
  *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
  std::vector<nghttp2_nv> fields;
  for (auto& [name, value] : stream.trailers) {
    fields.push_back({reinterpret_cast<uint8_t*>(name.data()), reinterpret_cast<uint8_t*>(value.data()),
                      name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  nghttp2_submit_trailer(session_, stream.id, fields.data(), fields.size());
  return static_cast<ssize_t>(filled);
}

// Gives back what the stream holds of others.
void WireConnection::Release(WireStream& stream) {
  ForgetDeadline(stream);
  if (!std::exchange(stream.whole, true)) --half_;
  rooms_ -= std::exchange(stream.room, 0);
  reserved_ -= std::exchange(stream.reserved, 0);
  account_->Take(WireAccount::kRequests, std::exchange(stream.charged, 0));
  size_t unsent = 0;
  for (const std::string& piece : stream.pieces) unsent += piece.size();
  account_->Take(WireAccount::kAnswers, unsent - stream.piece_sent);
  stream.pieces.clear();
  stream.piece_sent = 0;
  if (stream.call == nullptr) return;
  if (!stream.ended) stream.call->ClientLeft();
  std::exchange(stream.call, nullptr)->Release();
}

void WireConnection::DropStream(int32_t number) {
  const auto found = streams_.find(number);
  if (found == streams_.end()) return;
  const std::unique_ptr<WireStream> stream = std::move(found->second);
  streams_.erase(found);
  last_busy_ = loop_.Monotonic();
  const bool served = stream->call != nullptr || stream->answering;
  Release(*stream);
  if (served || stream->method == nullptr) return;
  // Counted as any call is, but not served.
  auto* const call = new WireCall(*stream->method, world_, account_, link_, number, {}, std::nullopt);
  CallPtr(call)->Fail(absl::CancelledError("The call was cancelled before its request came."));
  call->Release();
}

}  // namespace perdure::server
