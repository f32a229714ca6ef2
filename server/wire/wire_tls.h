// OpenSSL's settings for the port, made anew when the certificates are others. TLS 1.2 and above, and HTTP/2
// only. Thread safety: any thread. Ownership: a context lives as long as its connections.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "base/mutex.h"
#include "server/auth/tls_source.h"

namespace perdure::server {

class WireTls {
 public:
  explicit WireTls(std::shared_ptr<TlsSource> source) : source_(std::move(source)) {}

  // For one more connection. Null when OpenSSL refuses what the files hold, which it does not when they were
  // read.
  std::shared_ptr<SSL_CTX> Context();

 private:
  std::shared_ptr<SSL_CTX> Make(const TlsContent& content) const;

  const std::shared_ptr<TlsSource> source_;
  Mutex mutex_;
  std::shared_ptr<const TlsContent> content_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<SSL_CTX> context_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
