#include "tests/simulation/world.h"

#include <numeric>
#include <string>
#include <utility>

#include "base/event_loop.h"
#include "tests/simulation/server_process.h"

namespace perdure::simulation {
namespace {

constexpr absl::Duration kTimeToRestart = absl::Milliseconds(100);
constexpr uint64_t kMostSteps = 2'000'000;
// A crash falls between any two steps: it comes so many of them, at the most, after fate decided on it.
constexpr uint64_t kStepsToCrash = 100;
constexpr uint32_t kFirstWriter = 1;
// One seed of so many goes on until its runs' retention is over, at which the clock is set so far ahead.
constexpr uint64_t kSeedsForRetention = 4;
constexpr absl::Duration kPastRetention = absl::Hours(100);
constexpr size_t kRememberedTransactions = 64;
constexpr absl::Duration kLongestReadOutage = absl::Seconds(5);
// How often the store is looked at: while faults go on, and later.
constexpr absl::Duration kBetweenAudits = absl::Seconds(2);
constexpr absl::Duration kBetweenCalmAudits = absl::Minutes(1);

}  // namespace

World::World(uint64_t seed, bool whole)
    : seed_(seed),
      time_(seed),
      random_(NewSeededRandom(time_.random().Next())),
      plan_(DrawPlan(*random_, whole)),
      faults_(plan_.faults, *random_),
      store_(NewStore()),
      auditor_(*store_, faults_, namespaces_.id()),
      matching_executor_(time_),
      people_(time_),
      fate_executor_(time_),
      fate_(fate_executor_, *random_),
      copies_(people_, plan_.faults, *random_),
      network_(people_, plan_.faults, *random_),
      worker_(plan_, namespaces_.id(), people_, *random_, network_, journal_),
      crowd_(plan_, namespaces_.id(), people_, *random_, network_, journal_, auditor_) {
  for (size_t i = 0; i < plan_.executors; ++i) executors_.push_back(std::make_unique<ManualExecutor>(time_));
}

World::~World() { CrashServer(); }

std::unique_ptr<persistence::MemoryStore> World::NewStore() {
  persistence::MemoryStoreOptions store;
  store.faults = &faults_;
  store.clock = [this] { return time_.wall(); };
  store.remembered_transactions = kRememberedTransactions;
  return persistence::NewMemoryStore(std::move(store));
}

void World::StartServer() {
  std::vector<Executor*> executors;
  for (const auto& executor : executors_) executors.push_back(executor.get());
  history_ = std::make_unique<server::NodeHistory>(
      server::NodeHistory::World{*store_, namespaces_, lease_, metrics_, kinds_, &copies_}, executors,
      kFirstWriter, HistoryOptionsOf(plan_));
  copies_.Connect(*history_);
  history_as_bytes_ = std::make_unique<server::HistoryAsBytes>(matching_executor_, kinds_);
  history_as_bytes_->Reach(*history_);
  matching_ = std::make_unique<server::NodeMatching>(
      matching_executor_, history_as_bytes_->remote(), namespaces_, metrics_,
      server::MatchingOptions{.queue_window = plan_.queue_window});
  matching_as_bytes_ = std::make_unique<server::MatchingAsBytes>(matching_executor_, *matching_);
  history_->Serve(matching_as_bytes_->remote(),
                  [this] { network_.Connect(&history_as_bytes_->remote(), &matching_as_bytes_->remote()); });
}

void World::CrashServer() {
  network_.Crash();
  if (history_ != nullptr) copies_.Disconnect(*history_);
  const auto drop = [this] {
    for (const auto& executor : executors_) executor->DropEverything();
    matching_executor_.DropEverything();
  };
  drop();
  matching_as_bytes_.reset();
  matching_.reset();
  history_as_bytes_.reset();
  history_.reset();
  drop();
}

void World::LoseBatches() {
  if (store_->LoseLastBatches(1 + random_->Below(5)) == 0) return;
  journal_.CommitsVanished();
  auditor_.Forget();
  people_.Post([this] { crowd_.AskAgain(); });
}

void World::ScheduleFate() {
  const FaultPlan& plan = plan_.faults;
  fate_.Every(plan.between_crashes, [this] { crash_in_steps_ = 1 + random_->Below(kStepsToCrash); });
  fate_.Every(plan.between_lost_batches, [this] { LoseBatches(); });
  fate_.Every(plan.between_clock_steps, [this] {
    const absl::Duration by = (random_->Fraction() - 0.5) * absl::Seconds(20);
    for (const auto& executor : executors_) executor->StepWallClock(by);
    matching_executor_.StepWallClock(by);
  });
  fate_.Every(plan.between_read_outages, [this] { BeginReadOutage(); });
  fate_executor_.RunAfter(kBetweenAudits, [this] { Audit(); });
  fate_executor_.RunAfter(plan_.faulty_time, [this] { StopFaults(); });
}

void World::BeginReadOutage() {
  faults_.SetReadOutage(true);
  fate_executor_.RunAfter(random_->Fraction() * kLongestReadOutage, [this] { faults_.SetReadOutage(false); });
}

std::vector<uint32_t> World::Writers() const {
  std::vector<uint32_t> writers(plan_.executors);
  std::iota(writers.begin(), writers.end(), kFirstWriter);
  return writers;
}

void World::Audit() {
  // Runs go one by one once retention passes, so that chains have gaps.
  crowd_.Audit(Writers(), executors_.front()->Now(), !retention_passes_);
  if (fate_.stopped()) crowd_.WatchIfClosed();
  fate_executor_.RunAfter(fate_.stopped() ? kBetweenCalmAudits : kBetweenAudits, [this] { Audit(); });
}

void World::StopFaults() {
  fate_.Stop();
  journal_.Calm(people_.Now());
  fate_executor_.RunAfter(plan_.rare_polls_after,
                          [this] { people_.Post([this] { worker_.PollRareQueue(); }); });
  faults_.Stop();
  network_.StopFaults();
  copies_.StopFaults();
  worker_.StopFaults();
}

bool World::OneStep() {
  ++steps_;
  if (!time_.RunOne() && !time_.RunTimerAlone()) return false;
  const bool is_up = history_ != nullptr;
  if (!is_up || crash_in_steps_ == 0) return true;
  --crash_in_steps_;
  if (crash_in_steps_ == 0) {
    ++crashes_;
    CrashServer();
    fate_executor_.RunAfter(kTimeToRestart, [this] { StartServer(); });
  }
  return true;
}

std::vector<std::string> World::Run() {
  StartServer();
  ScheduleFate();
  worker_.StartPolling();
  crowd_.Begin();
  ending_.Await(kMostSteps);
  if (seed_ % kSeedsForRetention == 0 && journal_.broken().empty()) PassRetention();
  return journal_.broken();
}

void World::PassRetention() {
  // Where commits vanished, something may wait for what an earlier run has got.
  if (!auditor_.Unsettled(executors_.front()->Now()).empty()) return;
  while (history_ == nullptr) OneStep();  // it is about to start
  retention_passes_ = true;
  CrashServer();
  for (const auto& executor : executors_) executor->StepWallClock(kPastRetention);
  matching_executor_.StepWallClock(kPastRetention);
  StartServer();
  crash_in_steps_ = 1 + random_->Below(kStepsToCrash);
  const std::string left = ending_.AwaitRemoval(auditor_);
  if (!left.empty()) {
    journal_.Broken("at " + absl::FormatTime(executors_.front()->Now()) + " retention leaves " + left);
  }
}

}  // namespace perdure::simulation
