#include "server/net/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace perdure::server {
namespace {

constexpr int kBacklog = 1024;
// Connections taken in one turn of the loop: what stands already has its turn too.
constexpr int kAcceptedAtOnce = 64;
// Without descriptors, from one attempt to the next.
constexpr absl::Duration kRest = absl::Milliseconds(50);

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

int BoundPort(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
  if (bound.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(bound).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

std::string PeerOf(const sockaddr_storage& address) {
  std::array<char, NI_MAXHOST> host{};
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address), sizeof(address), host.data(), host.size(),
                  nullptr, 0, NI_NUMERICHOST) != 0) {
    return "?";
  }
  return host.data();
}

// A listening socket, or -1 with errno set. Two servers on one port would share its connections, so only an
// address that lingers from a server before is taken over.
int ListenOn(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.ai_family == AF_INET6) {
    const int both = 0;  // [::] is IPv4's addresses too
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof(both));
  }
  if (bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, kBacklog) == 0) return fd;
  const int why = errno;
  close(fd);
  errno = why;
  return -1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(const std::string& host, int port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (error != 0) return absl::FailedPreconditionError(gai_strerror(error));
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  // A name that has addresses of both kinds is listened on at its IPv4 one.
  const addrinfo* chosen = list.get();
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    if (one->ai_family == AF_INET) {
      chosen = one;
      break;
    }
  }
  const int fd = ListenOn(*chosen);
  if (fd < 0) return absl::FailedPreconditionError(std::strerror(errno));
  return std::unique_ptr<Listener>(new Listener(fd, BoundPort(fd)));
}

Listener::~Listener() {
  if (fd_ >= 0) close(fd_);
}

void Listener::Begin(EventLoop& loop, Accepted accepted, std::function<void()> exhausted) {
  loop_ = &loop;
  accepted_ = std::move(accepted);
  exhausted_ = std::move(exhausted);
  loop_->Watch(fd_, {.readable = true}, [this](EventLoop::Interest) { AcceptSome(); });
}

void Listener::End() {
  if (fd_ < 0) return;
  loop_->Cancel(std::exchange(resting_, Executor::kNoTimer));
  loop_->Unwatch(fd_);
  close(std::exchange(fd_, -1));
}

void Listener::AcceptSome() {
  for (int taken = 0; taken < kAcceptedAtOnce && fd_ >= 0; ++taken) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    const int fd = accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      accepted_(fd, PeerOf(peer));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return Rest();
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    // All else is the end of a connection that waited, or of the network below it: the next may be fine.
  }
}

// The socket stays readable meanwhile, and would be reported in each turn.
void Listener::Rest() {
  exhausted_();
  if (fd_ < 0) return;
  loop_->SetInterest(fd_, {});
  resting_ = loop_->RunAfter(kRest, [this] {
    resting_ = Executor::kNoTimer;
    loop_->SetInterest(fd_, {.readable = true});
    AcceptSome();
  });
}

}  // namespace perdure::server
