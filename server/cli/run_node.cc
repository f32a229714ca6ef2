#include "server/cli/run_node.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

constexpr int kFailed = 1;

sigset_t EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

// From now on such a signal ends the process.
void EndAtNextSignal(const sigset_t& signals) {
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { _exit(kFailed); });
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

int RunNode(NodeOptions options, absl::Duration grace, absl::FunctionRef<void(const Node&)> started) {
  // Blocked before any thread starts, so that only this one takes them.
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  auto node = Node::Start(std::move(options));
  if (!node.ok()) {
    fmt::print(stderr, "perdure: {}\n", std::string(node.status().message()));
    return kFailed;
  }
  started(**node);
  int signal = 0;
  sigwait(&signals, &signal);
  spdlog::info("stopping");
  EndAtNextSignal(signals);
  if ((*node)->Drain(grace)) return 0;
  spdlog::error("some calls could not be finished within the grace time");
  spdlog::shutdown();
  _exit(kFailed);
}

}  // namespace perdure::server
