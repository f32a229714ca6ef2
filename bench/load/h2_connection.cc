#include "bench/load/h2_connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace perdure::bench {
namespace {

constexpr int32_t kWindowBytes = 16 << 20;  // of each stream and of the connection
constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kWriteBytes = 1 << 20;  // about as much is taken from nghttp2 before it is sent

std::string_view View(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// nghttp2 copies what it is given, and promises not to write it.
uint8_t* Bytes(std::string_view text) { return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data())); }

// How gRPC reads the end of a stream (PROTOCOL-HTTP2.md, "Errors").
absl::Status CloseStatus(uint32_t error_code) {
  if (error_code == NGHTTP2_NO_ERROR) return absl::OkStatus();
  const std::string text = absl::StrCat("the stream ended with ", nghttp2_http2_strerror(error_code));
  switch (error_code) {
    case NGHTTP2_REFUSED_STREAM:
      return absl::UnavailableError(text);
    case NGHTTP2_CANCEL:
      return absl::CancelledError(text);
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return absl::ResourceExhaustedError(text);
    case NGHTTP2_INADEQUATE_SECURITY:
      return absl::PermissionDeniedError(text);
    default:
      return absl::InternalError(text);
  }
}

}  // namespace

struct H2Connection::Callbacks {
  static H2Connection& Of(void* user_data) { return *static_cast<H2Connection*>(user_data); }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* user_data) {
    auto& open = Of(user_data).open_;
    const auto found = open.find(frame->hd.stream_id);
    if (found != open.end()) found->second.stream->OnHeader(View(name, name_size), View(value, value_size));
    return 0;
  }

  static int OnData(nghttp2_session*, uint8_t, int32_t number, const uint8_t* data, size_t size,
                    void* user_data) {
    auto& open = Of(user_data).open_;
    const auto found = open.find(number);
    if (found != open.end()) found->second.stream->OnData(View(data, size));
    return 0;
  }

  static int OnStreamClose(nghttp2_session*, int32_t number, uint32_t error_code, void* user_data) {
    H2Connection& self = Of(user_data);
    self.CloseStream(number, {.status = CloseStatus(error_code),
                              .unseen = error_code == NGHTTP2_REFUSED_STREAM && !self.TakesStreams()});
    return 0;
  }

  // A request that a GOAWAY overtook never becomes a stream.
  static int OnFrameNotSent(nghttp2_session*, const nghttp2_frame* frame, int error, void* user_data) {
    H2Connection& self = Of(user_data);
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    self.CloseStream(frame->hd.stream_id, {.status = absl::UnavailableError(nghttp2_strerror(error)),
                                           .unseen = !self.TakesStreams()});
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session*, int32_t number, uint8_t* into, size_t size, uint32_t* flags,
                          nghttp2_data_source*, void* user_data) {
    auto& open = Of(user_data).open_;
    const auto found = open.find(number);
    if (found == open.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    auto& [stream, sent] = found->second;
    const std::string_view rest = stream->Body().substr(sent);
    const size_t count = std::min(size, rest.size());
    std::memcpy(into, rest.data(), count);
    sent += count;
    if (count == rest.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }
};

H2Connection::H2Connection(EventLoop& loop, const sockaddr_in& address, LostCallback lost)
    : loop_(loop), lost_(std::move(lost)), input_(kReadBytes) {
  MakeSession();
  Connect(address);
}

H2Connection::~H2Connection() {
  nghttp2_session_del(session_);
  if (fd_ >= 0) close(fd_);
}

void H2Connection::MakeSession() {
  nghttp2_session_callbacks* callbacks = nullptr;
  PERDURE_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0, "no memory for an HTTP/2 session");
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Callbacks::OnData);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Callbacks::OnStreamClose);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, &Callbacks::OnFrameNotSent);
  PERDURE_CHECK(nghttp2_session_client_new(&session_, callbacks, this) == 0,
                "no memory for an HTTP/2 session");
  nghttp2_session_callbacks_del(callbacks);
  const std::array<nghttp2_settings_entry, 2> settings{
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindowBytes}}};
  PERDURE_CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
                    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindowBytes) == 0,
                "nghttp2 refuses the settings");
}

void H2Connection::Connect(const sockaddr_in& address) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  PERDURE_CHECK(fd_ >= 0, "no descriptors left for a connection");
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 &&
      errno != EINPROGRESS) {
    // Told on the loop's next turn, as any other loss is.
    return loop_.Post([this, why = errno] { Lose(absl::UnavailableError(std::strerror(why))); });
  }
  loop_.Watch(fd_, {.readable = true, .writable = true},
              [this](EventLoop::Interest ready) { OnReady(ready); });
}

bool H2Connection::TakesStreams() const {
  return fd_ >= 0 && nghttp2_session_check_request_allowed(session_) != 0;
}

int32_t H2Connection::Begin(absl::Span<const Header> headers, std::unique_ptr<H2Stream> stream) {
  std::vector<nghttp2_nv> fields;
  fields.reserve(headers.size());
  for (const auto& [name, value] : headers) {
    fields.push_back({Bytes(name), Bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  const nghttp2_data_provider body{.source = {}, .read_callback = &Callbacks::ReadBody};
  const int32_t number =
      nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &body, nullptr);
  PERDURE_CHECK(number > 0, "nghttp2 refuses a request");
  open_[number].stream = std::move(stream);
  FlushLater();
  return number;
}

std::unique_ptr<H2Stream> H2Connection::Cancel(int32_t number) {
  auto found = open_.find(number);
  PERDURE_CHECK(found != open_.end(), "the stream is not open");
  std::unique_ptr<H2Stream> stream = std::move(found->second.stream);
  open_.erase(found);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, number, NGHTTP2_CANCEL);
  FlushLater();
  return stream;
}

void H2Connection::OnReady(EventLoop::Interest ready) {
  if (!established_ && !FinishConnecting()) return;
  flush_due_ = true;
  if (ready.readable) Read();
  Flush();
}

// False when it is still connecting, or could not.
bool H2Connection::FinishConnecting() {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    Lose(absl::UnavailableError(std::strerror(error)));
    return false;
  }
  established_ = true;
  return true;
}

void H2Connection::Read() {
  const ssize_t count = recv(fd_, input_.data(), input_.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) return Lose(absl::UnavailableError(std::strerror(errno)));
  if (count == 0) return Lose(absl::UnavailableError("the server closed the connection"));
  const ssize_t taken = nghttp2_session_mem_recv(session_, input_.data(), static_cast<size_t>(count));
  if (taken < 0) return Lose(absl::UnavailableError(nghttp2_strerror(static_cast<int>(taken))));
  TellClosed();
}

void H2Connection::CloseStream(int32_t number, H2End end) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;  // cancelled
  closed_.push_back({std::move(found->second.stream), std::move(end)});
  open_.erase(found);
}

void H2Connection::TellClosed() {
  std::vector<Closed> closed;
  closed.swap(closed_);
  for (const auto& [stream, end] : closed) stream->OnClose(end);
}

void H2Connection::FlushLater() {
  if (std::exchange(flush_due_, true)) return;
  loop_.Post([this] { Flush(); });
}

void H2Connection::Flush() {
  flush_due_ = false;
  if (fd_ < 0 || !established_) return;
  while (output_sent_ < output_.size() || Fill()) {
    const ssize_t count =
        send(fd_, output_.data() + output_sent_, output_.size() - output_sent_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return Want(true);
    if (count < 0) return Lose(absl::UnavailableError(std::strerror(errno)));
    output_sent_ += static_cast<size_t>(count);
  }
  if (fd_ < 0) return;
  Want(false);
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) {
    Lose(absl::UnavailableError("the HTTP/2 session is over"));
  }
}

// Takes frames from nghttp2; false when there are none, or the connection was lost over it.
bool H2Connection::Fill() {
  output_.clear();
  output_sent_ = 0;
  ssize_t count = 1;
  while (count > 0 && output_.size() < kWriteBytes) {
    const uint8_t* frames = nullptr;
    count = nghttp2_session_mem_send(session_, &frames);
    if (count > 0) output_.append(View(frames, static_cast<size_t>(count)));
  }
  TellClosed();  // those that could not be sent
  if (count < 0) Lose(absl::UnavailableError(nghttp2_strerror(static_cast<int>(count))));
  return count >= 0 && !output_.empty();
}

void H2Connection::Want(bool writable) {
  if (std::exchange(wants_writable_, writable) == writable) return;
  loop_.SetInterest(fd_, {.readable = true, .writable = writable});
}

void H2Connection::Lose(const absl::Status& why) {
  if (fd_ < 0) return;
  loop_.Unwatch(fd_);
  close(std::exchange(fd_, -1));
  lost_(*this);
  for (auto& [number, open] : std::exchange(open_, {}))
    closed_.push_back({std::move(open.stream), {.status = why}});
  TellClosed();
}

}  // namespace perdure::bench
