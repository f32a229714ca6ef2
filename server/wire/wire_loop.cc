#include "server/wire/wire_loop.h"

#include <unistd.h>

#include <utility>
#include <vector>

namespace perdure::server {
namespace {

constexpr absl::Duration kTick = absl::Seconds(1);

}  // namespace

WireLoop::WireLoop(const std::string& name, WireWorld& world, size_t most, Metrics& metrics, Gauge& open)
    : world_(world), most_(most), metrics_(metrics), open_(open), loop_(name) {
  loop_.Post([this] { loop_.RunAfter(kTick, [this] { Tick(); }); });
}

WireLoop::~WireLoop() { loop_.Stop(); }

// Who has not even begun, then who has nothing in flight; of those the one that did nothing for longest.
// Null: all are busy.
WireConnection* WireLoop::LeastUseful() {
  WireConnection* least = nullptr;
  const auto worth = [](const WireConnection& one) { return std::pair(one.handshaken(), one.last_busy()); };
  for (const auto& [connection, owned] : open_connections_) {
    if (!connection->idle()) continue;
    if (least == nullptr || worth(*connection) < worth(*least)) least = connection;
  }
  return least;
}

void WireLoop::Take(int fd, std::string peer, std::shared_ptr<SSL_CTX> tls) {
  if (draining_) {
    close(fd);
    return;
  }
  if (open_connections_.size() >= most_) {
    WireConnection* const least = LeastUseful();
    world_.budget.limits().Note(
        WireLimit::kConnections, least == nullptr ? peer : least->peer(),
        least == nullptr ? "a new connection was closed" : "an idle connection was closed");
    if (least == nullptr) {
      close(fd);
      return;
    }
    least->Close();
  }
  const auto over = [this](WireConnection& connection) {
    // It may be in the middle of something.
    auto found = open_connections_.find(&connection);
    if (found == open_connections_.end()) return;
    loop_.Post([owned = std::shared_ptr<WireConnection>(std::move(found->second))] {});
    open_connections_.erase(found);
    count_ = open_connections_.size();
    open_.Add(-1);
  };
  const auto refused = [this, peer](const std::string& reason) {
    metrics_.counter("perdure_tls_refused", {{"reason", reason}}).Add();
    world_.budget.limits().Note(WireLimit::kTls, peer, "its handshake was refused: " + reason);
  };
  auto made =
      std::make_unique<WireConnection>(world_, loop_, fd, std::move(peer), std::move(tls), over, refused);
  WireConnection& connection = *made;
  open_connections_.emplace(&connection, std::move(made));
  count_ = open_connections_.size();
  open_.Add(1);
  connection.Begin();
}

// Some may go meanwhile.
void WireLoop::ForEach(absl::FunctionRef<void(WireConnection&)> task) {
  std::vector<WireConnection*> all;
  for (const auto& [connection, owned] : open_connections_) all.push_back(connection);
  for (WireConnection* const connection : all) {
    if (open_connections_.contains(connection)) task(*connection);
  }
}

void WireLoop::Tick() {
  ForEach([](WireConnection& connection) { connection.Tick(); });
  loop_.RunAfter(kTick, [this] { Tick(); });
}

void WireLoop::Drain() {
  draining_ = true;
  ForEach([](WireConnection& connection) { connection.Drain(); });
}

void WireLoop::SayGoodbye() {
  ForEach([](WireConnection& connection) { connection.SayGoodbye(); });
}

void WireLoop::CloseAll() {
  draining_ = true;
  while (!open_connections_.empty()) open_connections_.begin()->first->Close();
}

void WireLoop::PushHealth() {
  ForEach([](WireConnection& connection) { connection.PushHealth(); });
}

}  // namespace perdure::server
