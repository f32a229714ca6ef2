#include "server/cli/run_node.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/event_loop.h"
#include "base/notification.h"
#include "server/cli/process_limits.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

constexpr int kFailed = 1;
// Another process of this one's name runs (docs/operations.md).
constexpr int kNameTaken = 3;

sigset_t EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

struct Ending {
  std::atomic<bool> started = false;
  Notification came;
};

// Tells of the first such signal. One that comes before the server has started ends the process: it may wait
// for another server's lease.
std::shared_ptr<Ending> WaitForSignal(const sigset_t& signals) {
  auto ending = std::make_shared<Ending>();
  // Lives as long as the process: nothing ends its wait but a signal.
  static auto& waiting = *new EventLoop("signals");
  waiting.Post([ending, signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    if (!ending->started) _exit(0);
    ending->came.Notify();
  });
  return ending;
}

// From now on such a signal ends the process.
void EndAtNextSignal(const sigset_t& signals) {
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { _exit(kFailed); });
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

int RunNode(NodeOptions options, absl::Duration grace, absl::FunctionRef<void(const Node&)> started) {
  const absl::Status prepared = PrepareProcess();
  if (!prepared.ok()) {
    fmt::print(stderr, "perdure: {}\n", std::string(prepared.message()));
    return kFailed;
  }
  // Blocked before any thread starts, so that only the one that waits for them takes them.
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit of size is a full disk, no reason to die
  const auto ending = WaitForSignal(signals);
  // The log has told of the other. Nothing is left to drain: whatever was acknowledged is durable, and the
  // rest is the other's.
  options.on_name_taken = [](const persistence::LeaseAnswer::Other&) {
    spdlog::shutdown();
    _exit(kNameTaken);
  };
  auto node = Node::Start(std::move(options));
  if (!node.ok()) {
    fmt::print(stderr, "perdure: {}\n", std::string(node.status().message()));
    return kFailed;
  }
  started(**node);
  ending->started = true;
  ending->came.WaitForNotification();
  spdlog::info("stopping");
  EndAtNextSignal(signals);
  if ((*node)->Drain(grace)) return 0;
  spdlog::error("some calls could not be finished within the grace time");
  spdlog::shutdown();
  _exit(kFailed);
}

}  // namespace perdure::server
