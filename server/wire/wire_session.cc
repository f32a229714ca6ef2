// WireConnection: what libnghttp2 calls, and what it is told at the begin.

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "server/wire/wire_connection.h"

namespace perdure::server {
namespace {

// What the client may send of all streams before it hears how much was taken, which is done at once: what
// bounds memory are the streams' windows.
constexpr int32_t kConnectionWindow = 4 << 20;

// Why libnghttp2 ends a connection; the words are its own.
WireLimit LimitMet(const nghttp2_goaway& goaway) {
  const std::string_view words(reinterpret_cast<const char*>(goaway.opaque_data), goaway.opaque_data_len);
  constexpr std::string_view kTooMany = "max concurrent streams exceeded";
  if (words.find(kTooMany) != std::string_view::npos) return WireLimit::kStreams;
  return goaway.error_code == NGHTTP2_ENHANCE_YOUR_CALM ? WireLimit::kResets : WireLimit::kProtocol;
}

}  // namespace

struct WireConnection::Callbacks {
  static WireConnection& Of(void* user_data) { return *static_cast<WireConnection*>(user_data); }
  static std::string_view View(const uint8_t* bytes, size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
  }

  static int OnBeginFrame(nghttp2_session*, const nghttp2_frame_hd* head, void* user_data) {
    if (head->type == NGHTTP2_DATA || head->type == NGHTTP2_HEADERS) Of(user_data).CheckOpen(head->stream_id);
    return 0;
  }

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    WireConnection& self = Of(user_data);
    if (self.half_ >= limits::kWireHalfStreams) {
      self.world_.budget.limits().Note(WireLimit::kStreams, self.account_->peer(), "its call was refused");
      nghttp2_submit_rst_stream(self.session_, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                NGHTTP2_REFUSED_STREAM);
      return 0;
    }
    auto stream = std::make_unique<WireStream>();
    stream->id = frame->hd.stream_id;
    stream->begun = self.loop_.Monotonic();
    self.arriving_.emplace_back(stream->begun, stream->id);
    ++self.half_;
    self.streams_.emplace(stream->id, std::move(stream));
    return 0;
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* user_data) {
    WireConnection& self = Of(user_data);
    WireStream* const stream = self.Find(frame->hd.stream_id);
    if (stream == nullptr || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    return self.OnHeader(*stream, View(name, name_size), View(value, value_size));
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    WireConnection& self = Of(user_data);
    if (frame->hd.type == NGHTTP2_SETTINGS) self.handshaken_ = true;
    if (frame->hd.type == NGHTTP2_RST_STREAM) self.OnReset();
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    WireStream* const stream = self.Find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      self.OnRequestHeaders(*stream);
    }
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) self.OnRequestEnd(*stream);
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t number, const uint8_t* data, size_t size,
                    void* user_data) {
    WireConnection& self = Of(user_data);
    nghttp2_session_consume_connection(session, size);
    if (WireStream* const stream = self.Find(number); stream != nullptr) {
      self.OnRequestData(*stream, View(data, size));
    }
    return 0;
  }

  static int OnStreamClose(nghttp2_session*, int32_t number, uint32_t, void* user_data) {
    Of(user_data).DropStream(number);
    return 0;
  }

  static int OnFrameSent(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    WireConnection& self = Of(user_data);
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
      // libnghttp2 ends the connection by itself.
      self.world_.budget.limits().Note(LimitMet(frame->goaway), self.account_->peer(),
                                       "its connection was closed");
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM) self.NoteOwnReset(frame->hd.stream_id);
    if (frame->hd.type == NGHTTP2_HEADERS && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      const WireStream* const stream = self.Find(frame->hd.stream_id);
      // Answered before the request was whole: the rest of it is not wanted.
      if (stream != nullptr && !stream->whole) {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
      }
    }
    return 0;
  }

  static ssize_t ReadAnswer(nghttp2_session*, int32_t number, uint8_t* into, size_t size, uint32_t* flags,
                            nghttp2_data_source*, void* user_data) {
    WireConnection& self = Of(user_data);
    WireStream* const stream = self.Find(number);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return self.FillFrom(*stream, into, size, flags);
  }

  static const nghttp2_session_callbacks* All() {
    static nghttp2_session_callbacks* const all = [] {
      nghttp2_session_callbacks* made = nullptr;
      PERDURE_CHECK(nghttp2_session_callbacks_new(&made) == 0, "no memory for HTTP/2");
      nghttp2_session_callbacks_set_on_begin_frame_callback(made, OnBeginFrame);
      nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
      nghttp2_session_callbacks_set_on_header_callback(made, OnHeader);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnData);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, OnStreamClose);
      nghttp2_session_callbacks_set_on_frame_send_callback(made, OnFrameSent);
      return made;
    }();
    return all;
  }

  static const nghttp2_option* Options() {
    static nghttp2_option* const options = [] {
      nghttp2_option* made = nullptr;
      PERDURE_CHECK(nghttp2_option_new(&made) == 0, "no memory for HTTP/2");
      nghttp2_option_set_no_auto_window_update(made, 1);
      nghttp2_option_set_no_closed_streams(made, 1);
      return made;
    }();
    return options;
  }
};

void WireConnection::MakeSession() {
  PERDURE_CHECK(nghttp2_session_server_new2(&session_, Callbacks::All(), this, Callbacks::Options()) == 0,
                "no memory for HTTP/2");
  const std::array<nghttp2_settings_entry, 3> settings{
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<uint32_t>(announced_)},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits::kWireWindow},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits::kGrpcMetadata}}};
  PERDURE_CHECK(
      nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
          nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow) == 0,
      "libnghttp2 refuses the settings");
}

// Calls that wait for their answers, as polls do, leave room for those that are about to come. Not more: what
// is over the announced number waits at the client; what would have to be refused, some SDKs make again at
// once, or tell their callers.
void WireConnection::AnnounceCalls() {
  const size_t waiting = streams_.size() - half_;
  if (announced_ >= limits::kWireStreams || waiting + limits::kWireHalfStreams / 2 < announced_) return;
  announced_ = std::min(announced_ + limits::kWireHalfStreams, limits::kWireStreams);
  const nghttp2_settings_entry calls{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                     static_cast<uint32_t>(announced_)};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &calls, 1);
}

void WireConnection::BeginAnswer(WireStream& stream, const WireHeaders& more) {
  WireHeaders headers = {{":status", "200"},
                         {"content-type", "application/grpc"},
                         {"grpc-accept-encoding", "identity, deflate, gzip"}};
  headers.insert(headers.end(), more.begin(), more.end());
  std::vector<nghttp2_nv> fields;
  for (auto& [name, value] : headers) {
    fields.push_back({reinterpret_cast<uint8_t*>(name.data()), reinterpret_cast<uint8_t*>(value.data()),
                      name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  stream.answering = true;
  const nghttp2_data_provider body{.source = {}, .read_callback = &Callbacks::ReadAnswer};
  nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), &body);
}

}  // namespace perdure::server
