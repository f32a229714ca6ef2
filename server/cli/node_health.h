// What makes a node ready, and its listener for probes.
//
// Thread safety: one thread, which is no executor's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/event_loop.h"
#include "server/cli/port_check.h"
#include "server/cluster/lease.h"
#include "server/frontend/api_server.h"
#include "server/health/health_http.h"
#include "server/history/node_history.h"

namespace perdure::server {

class NodeHealth {
 public:
  NodeHealth();
  ~NodeHealth();

  void Watch(std::string name, Executor& executor) { health_->WatchExecutor(std::move(name), executor); }
  // Probes are answered from here on. Errors as ListenForProbes. `limits` outlives this.
  absl::Status Listen(const std::string& ip, int port, LimitsSeen& limits);
  // Executors are asked whether they turn, with a listener or without.
  void Begin() { health_->Begin(); }
  void SetStarting(std::string step) { health_->SetStarting(std::move(step)); }
  // All of them outlive this, or Stop. `host`: where the gRPC port listens; `tls`: with TLS.
  void SetStarted(LeaseKeeper& lease, NodeHistory& history, ApiServer& grpc, const std::string& host,
                  bool tls);
  void Stop();

  std::optional<int> port() const;

 private:
  EventLoop loop_{"health"};
  std::shared_ptr<Health> health_;
  std::unique_ptr<PortCheck> port_check_;
  std::unique_ptr<HttpServer> http_;
};

}  // namespace perdure::server
