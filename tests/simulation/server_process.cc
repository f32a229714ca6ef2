#include "tests/simulation/server_process.h"

#include <utility>

#include "base/check.h"

namespace perdure::simulation {

server::HistoryOptions HistoryOptionsOf(const Plan& plan) {
  server::HistoryOptions options;
  options.check_fold = true;
  if (plan.resident_bytes > 0) options.resident_bytes = plan.resident_bytes;
  if (plan.tail_bytes > 0) options.tail_bytes = plan.tail_bytes;
  if (plan.load_keys > 0) options.load_keys = plan.load_keys;
  if (plan.small_horizon) options.wakes = plan.wakes;
  options.quiet_after = plan.quiet_after;
  if (plan.snapshots) {
    options.snapshot_log_bytes = 0;
    options.log_to_snapshot = 0;
  }
  return options;
}

ServerProcess::ServerProcess(World world, Options options)
    : world_(world),
      options_(std::move(options)),
      matching_executor_(world.time),
      cluster_executor_(world.time) {
  for (size_t i = 0; i < options_.executors; ++i) {
    executors_.push_back(std::make_unique<ManualExecutor>(world.time));
  }
}

ServerProcess::~ServerProcess() { Kill(); }

std::vector<ManualExecutor*> ServerProcess::Executors() {
  std::vector<ManualExecutor*> all{&matching_executor_, &cluster_executor_};
  for (const auto& executor : executors_) all.push_back(executor.get());
  return all;
}

void ServerProcess::Start(std::function<void()> serving) {
  PERDURE_CHECK(!up(), "a process starts once");
  serving_ = std::move(serving);
  persistence::NodeRow row;
  row.incarnation = Uuid::Mint(world_.time.random());
  row.name = options_.name;
  row.address = "somewhere";
  session_ = world_.store.OpenSession(cluster_executor_);
  keeper_ = std::make_unique<server::LeaseKeeper>(cluster_executor_, *session_, std::move(row),
                                                  server::LeaseKeeper::Options(), world_.metrics);
  keeper_->Watch([this] {
    if (history_ != nullptr) history_->OnLease();
  });
  cluster_executor_.Post(
      [this] { keeper_->Start([this] { TakeUp(); }, [this](const auto& /*other*/) { exits_ = true; }); });
}

void ServerProcess::TakeUp() {
  std::vector<Executor*> executors;
  for (const auto& executor : executors_) executors.push_back(executor.get());
  history_ = std::make_unique<server::NodeHistory>(
      server::NodeHistory::World{world_.store, world_.namespaces, *keeper_, world_.metrics, kinds_,
                                 &world_.copies},
      executors, options_.first_writer, options_.history);
  world_.copies.Connect(*history_);
  history_as_bytes_ = std::make_unique<server::HistoryAsBytes>(matching_executor_, kinds_);
  history_as_bytes_->Reach(*history_);
  matching_ = std::make_unique<server::NodeMatching>(matching_executor_, history_as_bytes_->remote(),
                                                     world_.namespaces, world_.metrics, options_.matching);
  matching_as_bytes_ = std::make_unique<server::MatchingAsBytes>(matching_executor_, *matching_);
  history_->Serve(matching_as_bytes_->remote(), [this] { serving_(); });
}

void ServerProcess::Stop() {
  const auto give_up = [this] {
    cluster_executor_.Post([this] { keeper_->GiveUp([this] { exits_ = true; }); });
  };
  if (history_ == nullptr) return give_up();
  history_->Stop(give_up);
}

void ServerProcess::Kill() {
  Resume();
  if (history_ != nullptr) world_.copies.Disconnect(*history_);
  const auto drop = [this] {
    for (ManualExecutor* executor : Executors()) executor->DropEverything();
  };
  drop();
  matching_as_bytes_.reset();
  matching_.reset();
  history_as_bytes_.reset();
  history_.reset();
  keeper_.reset();
  session_.reset();
  drop();
  exits_ = false;
}

void ServerProcess::Pause() {
  paused_ = true;
  for (ManualExecutor* executor : Executors()) executor->Pause();
}

void ServerProcess::Resume() {
  paused_ = false;
  for (ManualExecutor* executor : Executors()) executor->Resume();
}

void ServerProcess::StepWallClock(absl::Duration by) {
  for (ManualExecutor* executor : Executors()) executor->StepWallClock(by);
}

}  // namespace perdure::simulation
