#include "server/cli/node_health.h"

#include <atomic>
#include <utility>

#include "base/log_fields.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

// Whether every executor of history serves its shards, as they answered last. Asked again by each call, one
// question at a time.
class ShardsCheck {
 public:
  explicit ShardsCheck(NodeHistory& history) : history_(history), answer_(std::make_shared<Answer>()) {}

  absl::Status operator()() const {
    if (!answer_->asked.exchange(true)) {
      history_.CheckServing([answer = answer_](bool serving) {
        answer->serving = serving;
        answer->asked = false;
      });
    }
    if (answer_->serving) return absl::OkStatus();
    return absl::UnavailableError("shards are being taken up");
  }

 private:
  struct Answer {
    std::atomic<bool> asked = false;
    std::atomic<bool> serving = true;
  };
  NodeHistory& history_;
  std::shared_ptr<Answer> answer_;
};

}  // namespace

NodeHealth::NodeHealth() : health_(std::make_shared<Health>(loop_)) {}

NodeHealth::~NodeHealth() {
  Stop();
  loop_.Stop();  // what it runs is of health_
}

absl::Status NodeHealth::Listen(const std::string& ip, int port, LimitsSeen& limits) {
  auto http = ListenForProbes(ip, port, health_, &limits);
  if (!http.ok()) return http.status();
  http_ = *std::move(http);
  return absl::OkStatus();
}

void NodeHealth::SetStarted(LeaseKeeper& lease, NodeHistory& history, ApiServer& grpc,
                            const std::string& host, bool tls) {
  port_check_ = std::make_unique<PortCheck>(loop_, host, grpc.port(), tls);
  std::vector<std::pair<std::string, Health::Check>> checks;
  checks.emplace_back("store", [&lease] { return lease.StoreStatus(); });
  checks.emplace_back("lease", [&lease, this] {
    if (lease.Held(loop_.Monotonic())) return absl::OkStatus();
    return absl::UnavailableError("the lease on the shards is not held");
  });
  checks.emplace_back("shards", ShardsCheck(history));
  checks.emplace_back("port", [this] { return port_check_->status(); });
  const auto changed = [&grpc](const HealthReport& report) {
    grpc.SetHealthy(report.ok());
    if (report.ok()) return spdlog::info("ready again");
    spdlog::warn("{}", WithFields("not ready", {{"failing", report.Failures()}}));
  };
  health_->SetStarted(std::move(checks), changed, [&lease, this] {
    lease.ReportAge();
    port_check_->Ask();
  });
}

void NodeHealth::Stop() { health_->Stop(); }

std::optional<int> NodeHealth::port() const {
  return http_ == nullptr ? std::nullopt : std::optional(http_->port());
}

}  // namespace perdure::server
