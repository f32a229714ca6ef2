#include "server/wire/wire_socket.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>

#include "base/check.h"

namespace perdure::server {
namespace {

std::string_view ReasonOf(unsigned long error) {
  switch (ERR_GET_REASON(error)) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return "plain_text";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_SHARED_CIPHER:
      return "version";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "no_certificate";
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return "bad_certificate";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "refused_by_client";
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return "alpn";
    default:
      return "other";
  }
}

int IntSize(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

}  // namespace

WireSocket::WireSocket(int fd, SSL_CTX* tls) : fd_(fd) {
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls));
  PERDURE_CHECK(ssl_ != nullptr && SSL_set_fd(ssl_.get(), fd) == 1, "no memory for a connection of TLS");
  SSL_set_accept_state(ssl_.get());
}

WireSocket::~WireSocket() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get()) != 0) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ssl_.reset();
  close(fd_);
}

WireSocket::Result WireSocket::Handshake() {
  if (ssl_ == nullptr) return Result::kDone;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    const unsigned char* protocol = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
    if (size == 2) return Result::kDone;
    handshake_error_ = "alpn";
    return Result::kRefused;
  }
  return Settle(result);
}

WireSocket::Result WireSocket::Read(absl::Span<char> into, size_t& count) {
  wants_write_ = false;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_read(ssl_.get(), into.data(), IntSize(into.size()));
    if (result <= 0) return Settle(result);
    count = static_cast<size_t>(result);
    return Result::kDone;
  }
  const ssize_t result = recv(fd_, into.data(), into.size(), 0);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return Result::kWait;
  if (result <= 0) return Result::kClosed;
  count = static_cast<size_t>(result);
  return Result::kDone;
}

WireSocket::Result WireSocket::Write(std::string_view bytes, size_t& count) {
  wants_write_ = true;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_write(ssl_.get(), bytes.data(), IntSize(bytes.size()));
    if (result <= 0) return Settle(result);
    count = static_cast<size_t>(result);
    return Result::kDone;
  }
  const ssize_t result = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return Result::kWait;
  if (result <= 0) return Result::kClosed;
  count = static_cast<size_t>(result);
  return Result::kDone;
}

WireSocket::Result WireSocket::Settle(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      wants_write_ = false;
      return Result::kWait;
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return Result::kWait;
    case SSL_ERROR_SSL:
      // A connection that was simply dropped is reported in these words too.
      if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return Result::kClosed;
      handshake_error_ = ReasonOf(ERR_peek_error());
      return Result::kRefused;
    default:
      return Result::kClosed;
  }
}

}  // namespace perdure::server
