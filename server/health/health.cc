#include "server/health/health.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include <fmt/format.h>

#include "nlohmann/json.hpp"

namespace perdure::server {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);

}  // namespace

bool HealthReport::ok() const {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.status.ok(); });
}

std::string HealthReport::Json() const {
  nlohmann::ordered_json by_name = nlohmann::ordered_json::object();
  for (const Check& check : checks) {
    nlohmann::ordered_json& one = by_name[check.name];
    one["ok"] = check.status.ok();
    if (!check.status.ok()) one["message"] = std::string(check.status.message());
  }
  const nlohmann::ordered_json report = {{"status", ok() ? "ok" : "failing"}, {"checks", std::move(by_name)}};
  // A database's words may be in any encoding.
  return report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string HealthReport::Failures() const {
  std::string text;
  for (const Check& check : checks) {
    if (check.status.ok()) continue;
    text +=
        fmt::format("{}{}: {}", text.empty() ? "" : "; ", check.name, std::string(check.status.message()));
  }
  return text;
}

struct Health::Pulse {
  Pulse(std::string its_name, Executor& its_executor) : name(std::move(its_name)), executor(its_executor) {}

  const std::string name;
  Executor& executor;
  std::atomic<bool> asked = false;
  std::atomic<int64_t> asked_at = 0;  // nanoseconds of the monotonic clock; of the question that is open
};

Health::Health(Executor& executor) : executor_(executor) {}
Health::~Health() { Stop(); }

void Health::WatchExecutor(std::string name, Executor& watched) {
  pulses_.push_back(std::make_shared<Pulse>(std::move(name), watched));
}

void Health::Begin() {
  executor_.Post([this] { Tick(); });
}

void Health::SetStarting(std::string step) {
  const MutexLock lock(mutex_);
  step_ = std::move(step);
}

void Health::SetStarted(std::vector<std::pair<std::string, Check>> checks,
                        std::function<void(const HealthReport&)> changed, std::function<void()> tick) {
  const MutexLock lock(mutex_);
  checks_ = std::move(checks);
  changed_ = std::move(changed);
  tick_ = std::move(tick);
  step_.clear();
}

void Health::Stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  step_ = "the server is stopping";
  checks_.clear();
  changed_ = nullptr;
  tick_ = nullptr;
}

void Health::AskPulses() {
  for (const std::shared_ptr<Pulse>& pulse : pulses_) {
    // One open question an executor: one that hangs must not gather them.
    if (pulse->asked.exchange(true)) continue;
    pulse->asked_at = absl::ToInt64Nanoseconds(executor_.Monotonic());
    pulse->executor.Post([pulse] { pulse->asked = false; });
  }
}

void Health::Tick() {
  {
    // Held during the calls, so that none runs after Stop.
    const MutexLock lock(mutex_);
    if (stopped_) return;
    AskPulses();
    if (tick_) tick_();
    if (step_.empty()) {
      const HealthReport report = ReadyLocked();
      if (std::exchange(was_ready_, report.ok()) != report.ok()) changed_(report);
    }
  }
  executor_.RunAfter(kInterval, [this] { Tick(); });
}

HealthReport Health::Live() const {
  HealthReport report;
  const MutexLock lock(mutex_);
  // A server that stops needs nobody to end it; and nothing of it is touched any more.
  if (stopped_) return report;
  const absl::Duration now = executor_.Monotonic();
  for (const std::shared_ptr<Pulse>& pulse : pulses_) {
    const absl::Duration waited = now - absl::Nanoseconds(pulse->asked_at.load());
    absl::Status status;
    if (pulse->asked && waited > kStall) {
      status = absl::UnavailableError(
          fmt::format("the thread has answered nothing for {} s", absl::ToInt64Seconds(waited)));
    }
    report.checks.push_back({pulse->name, std::move(status)});
  }
  return report;
}

HealthReport Health::Ready() const {
  const MutexLock lock(mutex_);
  return ReadyLocked();
}

HealthReport Health::ReadyLocked() const {
  HealthReport report;
  if (!step_.empty()) {
    report.checks.push_back({"start", absl::UnavailableError(step_)});
    return report;
  }
  for (const auto& [name, check] : checks_) report.checks.push_back({name, check()});
  return report;
}

}  // namespace perdure::server
