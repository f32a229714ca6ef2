#include "persistence/postgres/testing/gate.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/event_loop.h"
#include "base/notification.h"
#include "persistence/postgres/statements.h"

namespace perdure::persistence {
namespace {

// Cuts a stream into the protocol's frames: a type byte and a length that counts itself. A client's first
// frame has no type.
class Framer {
 public:
  explicit Framer(bool untyped_first) : untyped_(untyped_first) {}

  void Add(std::string_view bytes) { buffer_ += bytes; }

  // The next whole frame; empty when more bytes are needed.
  std::string Next() {
    const size_t header = untyped_ ? 4 : 5;
    if (buffer_.size() < header) return "";
    uint32_t length = 0;
    for (size_t i = header - 4; i < header; ++i) length = length << 8 | static_cast<uint8_t>(buffer_[i]);
    const size_t size = length + header - 4;
    if (buffer_.size() < size) return "";
    std::string frame = buffer_.substr(0, size);
    buffer_.erase(0, size);
    untyped_ = false;
    return frame;
  }

 private:
  bool untyped_;
  std::string buffer_;
};

int Listen() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  PERDURE_CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 && listen(fd, 64) == 0,
                "the gate can listen on the loopback");
  return fd;
}

uint16_t PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// Frames are sent one by one: without this, each waits for the acknowledgement of the one before.
void SendAtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int ConnectTo(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    close(fd);
    return -1;
  }
  SendAtOnce(fd);
  return fd;
}

void SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

// A Bind that names the fencing statement, or a Parse of it without a name (as through PgBouncer).
bool BelongsToBatch(std::string_view frame) {
  constexpr size_t kHeader = 5;
  const bool named =
      frame.front() == 'B' && frame.find(std::string_view("advance\0", 8)) != std::string_view::npos;
  return named || (frame.front() == 'P' && frame.size() > kHeader && frame[kHeader] == '\0' &&
                   frame.find(sql::kAdvance.text) != std::string_view::npos);
}

}  // namespace

class Gate::Impl {
 public:
  explicit Impl(uint16_t postgres_port) : postgres_port_(postgres_port), listener_(Listen()), loop_("gate") {
    OnLoop([this] {
      loop_.Watch(listener_, {.readable = true, .writable = false}, [this](auto) { Accept(); });
    });
  }
  ~Impl() {
    OnLoop([this] {
      loop_.Unwatch(listener_);
      while (!links_.empty()) End(links_.begin()->first);
      Release();
    });
    close(listener_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  uint16_t port() const { return PortOf(listener_); }
  void Give(Order order) { order_ = order; }
  bool HasStalled() const { return stalled_ >= 0; }
  void ReleaseOnLoop() {
    OnLoop([this] { Release(); });
  }

 private:
  struct Link {
    int client = -1;
    int server = -1;
    Framer from_client{true};
    Framer from_server{false};
    bool in_batch = false;
    Order order = Order::kPass;
    bool swallow = false;  // what the server answers
  };

  template <typename F>
  void OnLoop(F f) {
    Notification done;
    loop_.Post([&] {
      f();
      done.Notify();
    });
    done.WaitForNotification();
  }

  void Accept() {
    Link link;
    link.client = accept(listener_, nullptr, nullptr);
    link.server = ConnectTo(postgres_port_);
    if (link.server < 0) {
      close(link.client);
      return;
    }
    SendAtOnce(link.client);
    const int id = link.client;
    loop_.Watch(link.client, {.readable = true, .writable = false}, [this, id](auto) { FromClient(id); });
    loop_.Watch(link.server, {.readable = true, .writable = false}, [this, id](auto) { FromServer(id); });
    links_.emplace(id, std::move(link));
  }

  static std::string Receive(int fd) {
    std::array<char, 65536> buffer{};
    const ssize_t size = recv(fd, buffer.data(), buffer.size(), 0);
    return size <= 0 ? "" : std::string(buffer.data(), static_cast<size_t>(size));
  }

  void FromClient(int id) {
    Link& link = links_.at(id);
    const std::string bytes = Receive(link.client);
    if (bytes.empty()) return End(id);
    link.from_client.Add(bytes);
    for (std::string frame = link.from_client.Next(); !frame.empty(); frame = link.from_client.Next()) {
      if (!PassToServer(id, link, frame)) return;
    }
  }

  // False when the link is gone.
  bool PassToServer(int id, Link& link, const std::string& frame) {
    if (BelongsToBatch(frame)) {
      link.in_batch = true;
      link.order = order_.exchange(Order::kPass);
    }
    const bool sync = frame.front() == 'S' && link.in_batch;
    switch (link.order) {
      case Order::kPass:
        break;
      case Order::kLoseBatch:
        End(id);
        return false;
      case Order::kLoseAnswer:
        link.swallow = true;
        break;
      case Order::kStallToLand:
      case Order::kStallToFail:
        if (!sync) break;
        Stall(id, link);
        return false;
    }
    SendAll(link.server, frame);
    if (sync) link.in_batch = false;
    return true;
  }

  void Stall(int id, Link& link) {
    stalled_lands_ = link.order == Order::kStallToLand;
    loop_.Unwatch(link.server);
    stalled_ = link.server;
    link.server = -1;
    End(id);
  }

  void FromServer(int id) {
    Link& link = links_.at(id);
    const std::string bytes = Receive(link.server);
    if (bytes.empty()) return End(id);
    link.from_server.Add(bytes);
    for (std::string frame = link.from_server.Next(); !frame.empty(); frame = link.from_server.Next()) {
      if (!link.swallow) {
        SendAll(link.client, frame);
      } else if (frame.front() == 'Z') {
        return End(id);  // ReadyForQuery: it is committed
      }
    }
  }

  void End(int id) {
    const Link& link = links_.at(id);
    loop_.Unwatch(link.client);
    close(link.client);
    if (link.server >= 0) {
      loop_.Unwatch(link.server);
      close(link.server);
    }
    links_.erase(id);
  }

  void Release() {
    const int server = stalled_.exchange(-1);
    if (server < 0) return;
    if (stalled_lands_) {
      SendAll(server, std::string_view("S\0\0\0\4", 5));
      // The commit is under way; what is answered interests nobody, but the connection ends only behind it.
      Framer answers(false);
      for (bool ready = false; !ready;) {
        const std::string bytes = Receive(server);
        if (bytes.empty()) break;
        answers.Add(bytes);
        for (std::string frame = answers.Next(); !frame.empty(); frame = answers.Next())
          ready |= frame.front() == 'Z';
      }
    }
    close(server);
  }

  const uint16_t postgres_port_;
  const int listener_;
  std::atomic<Order> order_{Order::kPass};
  std::atomic<int> stalled_{-1};  // the socket to the database of the batch that stands still
  std::atomic<bool> stalled_lands_{false};
  std::map<int, Link> links_;  // by the client's socket; on the loop
  EventLoop loop_;
};

Gate::Gate(uint16_t postgres_port) : impl_(std::make_unique<Impl>(postgres_port)) {}
Gate::~Gate() = default;
uint16_t Gate::port() const { return impl_->port(); }
void Gate::Give(Order order) { impl_->Give(order); }
bool Gate::HasStalled() const { return impl_->HasStalled(); }
void Gate::Release() { impl_->ReleaseOnLoop(); }

}  // namespace perdure::persistence
