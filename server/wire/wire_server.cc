#include "server/wire/wire_server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/notification.h"
#include "base/text.h"
#include "server/net/listener.h"
#include "server/wire/wire_loop.h"
#include "server/wire/wire_tls.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

class WireServer::Impl {
 public:
  Impl(const WireOptions& options, std::unique_ptr<Listener> listener, const MethodTable& table,
       Frontend& frontend, CallObserver& observer, LimitsSeen& limits, Metrics& metrics)
      : world_(table, frontend, observer, limits, options.times),
        tls_(options.tls == nullptr ? nullptr : std::make_unique<WireTls>(options.tls)),
        listener_(std::move(listener)),
        port_(listener_->port()) {
    const size_t all = options.connections == 0 ? limits::kWireConnections : options.connections;
    Gauge& open = metrics.gauge("perdure_wire_connections", {});
    for (size_t i = 0; i < options.loops; ++i) {
      const size_t most = std::max<size_t>(1, all / options.loops);
      loops_.push_back(std::make_unique<WireLoop>(fmt::format("wire-{}", i), world_, most, metrics, open));
    }
    EventLoop& first = loops_.front()->loop();
    first.Post([this, &first] {
      listener_->Begin(
          first, [this](int fd, std::string peer) { Take(fd, std::move(peer)); },
          [this] { world_.budget.limits().Note(WireLimit::kDescriptors, "", "new connections wait"); });
    });
  }
  ~Impl() { Shutdown(absl::ZeroDuration()); }

  int port() const { return port_; }

  void SetHealthy(bool healthy) {
    world_.healthy = healthy;
    for (const auto& loop : loops_) {
      loop->loop().Post([one = loop.get()] { one->PushHealth(); });
    }
  }

  void Shutdown(absl::Duration grace) {
    if (std::exchange(stopped_, true)) return;
    OnEach([this](WireLoop& loop) {
      if (&loop == loops_.front().get()) listener_->End();
      loop.Drain();
    });
    world_.live.WaitForNone(grace);
    // The last answers were posted before this, and what they made ready for the wire goes out before the
    // next.
    OnEach([](WireLoop& loop) { loop.SayGoodbye(); });
    OnEach([](WireLoop& loop) { loop.CloseAll(); });
    // Whoever serves them lets go of them once they are cancelled.
    world_.live.WaitForNone();
    for (const auto& loop : loops_) loop->Stop();
  }

 private:
  // On each loop's thread, one after the other.
  void OnEach(const std::function<void(WireLoop&)>& task) {
    for (const auto& loop : loops_) {
      Notification done;
      loop->loop().Post([&task, &done, one = loop.get()] {
        task(*one);
        done.Notify();
      });
      done.WaitForNotification();
    }
  }

  // On the first loop.
  void Take(int fd, std::string peer) {
    WireLoop* least = loops_.front().get();
    for (const auto& loop : loops_) {
      if (loop->connections() < least->connections()) least = loop.get();
    }
    auto context = tls_ == nullptr ? nullptr : tls_->Context();
    if (least == loops_.front().get()) return least->Take(fd, std::move(peer), std::move(context));
    least->loop().Post([least, fd, peer = std::move(peer), context = std::move(context)]() mutable {
      least->Take(fd, std::move(peer), std::move(context));
    });
  }

  WireWorld world_;
  const std::unique_ptr<WireTls> tls_;  // null: plain text
  const std::unique_ptr<Listener> listener_;
  const int port_;
  std::vector<std::unique_ptr<WireLoop>> loops_;
  bool stopped_ = false;
};

absl::StatusOr<std::unique_ptr<ApiServer>> WireServer::Listen(const WireOptions& options,
                                                              const MethodTable& table, Frontend& frontend,
                                                              CallObserver& observer, LimitsSeen& limits,
                                                              Metrics& metrics) {
  auto listener = Listener::Open(options.ip, options.port);
  if (!listener.ok()) {
    return absl::FailedPreconditionError(fmt::format(
        "cannot listen on {}: the address is in use or not this machine's ({}); choose another with the "
        "key listen, or --port and --ip",
        HostPort(options.ip, options.port), std::string(listener.status().message())));
  }
  return std::unique_ptr<ApiServer>(new WireServer(
      std::make_unique<Impl>(options, *std::move(listener), table, frontend, observer, limits, metrics)));
}

WireServer::WireServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WireServer::~WireServer() = default;

int WireServer::port() const { return impl_->port(); }
void WireServer::SetHealthy(bool healthy) { impl_->SetHealthy(healthy); }
void WireServer::Shutdown(absl::Duration grace) { impl_->Shutdown(grace); }

}  // namespace perdure::server
