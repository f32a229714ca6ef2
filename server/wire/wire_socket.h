// The bytes of one connection, in plain text or through TLS. It only says what happened; limits are its
// owner's. Thread safety: the loop's thread. Ownership: it owns the descriptor.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace perdure::server {

class WireSocket {
 public:
  enum class Result {
    kDone,    // `count` bytes, at least one; or the handshake
    kWait,    // for the descriptor to be readable or, where wants_write() says so, writable
    kClosed,  // in order or not, by the other end or by the network
    kRefused  // TLS: handshake_error() says why
  };

  // `tls` null: plain text.
  WireSocket(int fd, SSL_CTX* tls);
  ~WireSocket();
  WireSocket(const WireSocket&) = delete;
  WireSocket& operator=(const WireSocket&) = delete;

  int fd() const { return fd_; }
  // To its end before anything is read or written. Plain text has none.
  Result Handshake();
  Result Read(absl::Span<char> into, size_t& count);
  Result Write(std::string_view bytes, size_t& count);
  // Whether bytes wait that the descriptor will not report.
  bool HasPending() const { return ssl_ != nullptr && SSL_pending(ssl_.get()) > 0; }
  // What the last kWait waits for besides being readable.
  bool wants_write() const { return wants_write_; }
  // A word for a metric: "plain_text", "version", "no_certificate", "bad_certificate", "alpn", "other".
  const std::string& handshake_error() const { return handshake_error_; }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  Result Settle(int result);

  const int fd_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool wants_write_ = false;
  std::string handshake_error_;
};

}  // namespace perdure::server
