#include "server/cli/port_check.h"

#include <netdb.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace perdure::server {
namespace {

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* connection) const { SSL_free(connection); }
};

// The first message of a client of TLS. The server's answer to it is all that is waited for.
std::string ClientHello() {
  const std::unique_ptr<SSL_CTX, FreeTls> context(SSL_CTX_new(TLS_client_method()));
  const std::unique_ptr<SSL, FreeTls> connection(SSL_new(context.get()));
  constexpr std::array<unsigned char, 3> kProtocols = {2, 'h', '2'};
  SSL_set_alpn_protos(connection.get(), kProtocols.data(), kProtocols.size());
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(connection.get(), BIO_new(BIO_s_mem()), out);
  SSL_connect(connection.get());  // wants the answer
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out, &bytes);
  return {bytes, static_cast<size_t>(size)};
}

// A client's beginning of HTTP/2: the preface and empty settings.
std::string Preface() {
  return std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + std::string({0, 0, 0, 4, 0, 0, 0, 0, 0});
}

// A socket that connects, or -1 with errno set.
int BeginToConnect(const std::string& host, int port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found) != 0) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, freeaddrinfo);
  const addrinfo* address = list.get();
  while (address->ai_family != AF_INET && address->ai_next != nullptr) address = address->ai_next;
  const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS) return fd;
  const int why = errno;
  close(fd);
  errno = why;
  return -1;
}

}  // namespace

PortCheck::PortCheck(EventLoop& loop, std::string host, int port, bool tls)
    : loop_(loop), host_(std::move(host)), port_(port), tls_(tls) {}

PortCheck::~PortCheck() {
  if (fd_ >= 0) close(fd_);
}

void PortCheck::Ask() {
  if (fd_ >= 0) {
    const absl::Duration waited = loop_.Monotonic() - asked_at_;
    if (waited < kPatience) return;
    Settle(absl::UnavailableError(
        fmt::format("the gRPC port has answered nothing for {} s", absl::ToInt64Seconds(waited))));
  }
  fd_ = BeginToConnect(host_, port_);
  if (fd_ < 0) return Settle(absl::UnavailableError(std::strerror(errno)));
  sent_ = false;
  asked_at_ = loop_.Monotonic();
  loop_.Watch(fd_, {.readable = true, .writable = true},
              [this](EventLoop::Interest ready) { OnReady(ready); });
}

absl::Status PortCheck::status() const {
  const MutexLock lock(mutex_);
  return status_;
}

void PortCheck::OnReady(EventLoop::Interest ready) {
  if (ready.writable && !sent_) {
    const std::string hello = tls_ ? ClientHello() : Preface();
    // It fits into an empty socket; where it does not go, the connection is lost.
    sent_ = send(fd_, hello.data(), hello.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(hello.size());
    if (sent_) return loop_.SetInterest(fd_, {.readable = true});
  }
  if (!ready.readable) return;
  std::array<char, 256> answer{};
  const ssize_t count = recv(fd_, answer.data(), answer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  Settle(count > 0 ? absl::OkStatus() : absl::UnavailableError("the gRPC port closes new connections"));
}

void PortCheck::Settle(absl::Status status) {
  if (fd_ >= 0) {
    loop_.Unwatch(fd_);
    close(std::exchange(fd_, -1));
  }
  const MutexLock lock(mutex_);
  status_ = std::move(status);
}

}  // namespace perdure::server
