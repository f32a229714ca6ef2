#include "tests/simulation/takeovers.h"

#include <fmt/format.h>

#include <utility>

#include "base/event_loop.h"
#include "base/time.h"

namespace perdure::simulation {
namespace {

constexpr absl::Duration kLongestRestart = absl::Seconds(3);
constexpr absl::Duration kBetweenReads = absl::Milliseconds(200);
constexpr absl::Duration kBetweenConnects = absl::Milliseconds(500);
constexpr absl::Duration kBetweenClockSteps = absl::Seconds(20);
constexpr absl::Duration kBetweenPulses = absl::Milliseconds(400);
constexpr char kPulse[] = "pulse";
constexpr absl::Duration kPulseLives = absl::Seconds(90);
constexpr uint32_t kBetweenWriters = 10;
constexpr uint32_t kMostExecutors = 3;
constexpr absl::Duration kBetweenAudits = absl::Seconds(2);
constexpr absl::Duration kBetweenCalmAudits = absl::Minutes(1);
constexpr uint64_t kMostSteps = 3'000'000;

TakeoverPlan DrawTakeovers(Random& random) {
  TakeoverPlan plan;
  plan.same_name = random.Fraction() < 0.3;
  plan.same_writers = random.Fraction() < 0.5;
  // A third of the seeds goes without each.
  const auto interval = [&](absl::Duration least, absl::Duration most) {
    return random.Fraction() < 0.33 ? absl::InfiniteDuration() : Between(random, least, most);
  };
  plan.between_pauses = interval(absl::Seconds(3), absl::Seconds(30));
  plan.between_kills = interval(absl::Seconds(5), absl::Seconds(40));
  plan.between_stops = interval(absl::Seconds(5), absl::Seconds(40));
  plan.longest_pause = Between(random, absl::Seconds(1), absl::Seconds(20));
  return plan;
}

// Who waits for the end of a workflow looks at it: here the readers look all along.
Plan DrawWatchedPlan(Random& random, bool whole) {
  Plan plan = DrawPlan(random, whole);
  plan.watched = true;
  return plan;
}

}  // namespace

Takeovers::Takeovers(uint64_t seed, bool whole)
    : time_(seed),
      random_(NewSeededRandom(time_.random().Next())),
      plan_(DrawWatchedPlan(*random_, whole)),
      takeover_plan_(DrawTakeovers(*random_)),
      faults_(plan_.faults, *random_),
      store_(NewStore()),
      auditor_(*store_, faults_, namespaces_.id()),
      people_(time_),
      fate_executor_(time_),
      fate_(fate_executor_, *random_),
      reconnects_(people_, *random_),
      copies_(people_, plan_.faults, *random_),
      readers_(namespaces_.id(), journal_),
      client_network_(people_, plan_.faults, *random_),
      crowd_(plan_, namespaces_.id(), people_, *random_, client_network_, journal_, auditor_) {
  if (takeover_plan_.same_name) journal_.TwinsServe();
  for (size_t i = 0; i < sides_.size(); ++i) {
    Side& side = sides_.at(i);
    side.process = MakeProcess(i);
    side.network = std::make_unique<Network>(people_, plan_.faults, *random_);
    side.worker = std::make_unique<Worker>(plan_, namespaces_.id(), people_, *random_, *side.network,
                                           journal_, fmt::format("worker-{}", i));
  }
}

Takeovers::~Takeovers() {
  for (size_t i = 0; i < sides_.size(); ++i) Kill(i);
}

std::unique_ptr<persistence::MemoryStore> Takeovers::NewStore() {
  persistence::MemoryStoreOptions store;
  store.faults = &faults_;
  store.clock = [this] { return time_.wall(); };
  return persistence::NewMemoryStore(std::move(store));
}

uint32_t Takeovers::FirstWriter(size_t number) const {
  return takeover_plan_.same_writers ? 1 : 1 + kBetweenWriters * static_cast<uint32_t>(number);
}

std::unique_ptr<ServerProcess> Takeovers::MakeProcess(size_t number) {
  ServerProcess::Options options;
  options.name = takeover_plan_.same_name ? "node" : fmt::format("node-{}", number);
  options.first_writer = FirstWriter(number);
  options.executors = 1 + random_->Below(kMostExecutors);
  options.history = HistoryOptionsOf(plan_);
  options.matching = {.queue_window = plan_.queue_window};
  return std::make_unique<ServerProcess>(ServerProcess::World{time_, *store_, namespaces_, metrics_, copies_},
                                         options);
}

void Takeovers::Start(size_t side) {
  sides_.at(side).process->Start([this, side] {
    ++takeovers_;
    youngest_ = side;
    Connect(side);
  });
}

void Takeovers::Connect(size_t side) {
  Side& connected = sides_.at(side);
  connected.network->Connect(connected.process->history(), connected.process->matching());
  ConnectClient();
}

// To any process that has served, also one that has lost its lease since.
void Takeovers::ConnectClient() {
  std::vector<ServerProcess*> servers;
  for (Side& side : sides_) {
    if (side.network->connected()) servers.push_back(side.process.get());
  }
  if (servers.empty()) return;
  ServerProcess& chosen = *servers[random_->Below(servers.size())];
  client_network_.Connect(chosen.history(), chosen.matching());
}

void Takeovers::Kill(size_t side) {
  sides_.at(side).network->Crash();
  client_network_.Crash();  // it may have calls open there
  sides_.at(side).process->Kill();
  ConnectClient();
}

void Takeovers::Pause(size_t side) {
  ServerProcess& process = *sides_.at(side).process;
  if (process.paused()) return;
  process.Pause();
  fate_executor_.RunAfter(random_->Fraction() * takeover_plan_.longest_pause,
                          [&process] { process.Resume(); });
}

void Takeovers::ScheduleFate() {
  for (size_t i = 0; i < sides_.size(); ++i) {
    ServerProcess& process = *sides_.at(i).process;
    fate_.Every(takeover_plan_.between_pauses, [this, i] { Pause(i); });
    fate_.Every(takeover_plan_.between_kills, [this, i, &process] {
      if (!process.up()) return;
      Kill(i);
      fate_executor_.RunAfter(random_->Fraction() * kLongestRestart, [this, i] { Start(i); });
    });
    fate_.Every(takeover_plan_.between_stops, [&process] {
      if (process.up()) process.Stop();
    });
    fate_.Every(kBetweenClockSteps,
                [this, &process] { process.StepWallClock((random_->Fraction() - 0.5) * absl::Seconds(20)); });
  }
  fate_executor_.RunAfter(plan_.faulty_time, [this] { StopFaults(); });
}

void Takeovers::StopFaults() {
  fate_.Stop();
  faults_.Stop();
  journal_.Calm(people_.Now());
  client_network_.StopFaults();
  copies_.StopFaults();
  for (Side& side : sides_) {
    side.process->Resume();
    side.network->StopFaults();
    side.worker->StopFaults();
    fate_executor_.RunAfter(plan_.rare_polls_after,
                            [this, &side] { people_.Post([&side] { side.worker->PollRareQueue(); }); });
  }
}

void Takeovers::Audit() {
  std::vector<uint32_t> writers;
  for (size_t i = 0; i < (takeover_plan_.same_writers ? 1 : sides_.size()); ++i) {
    for (uint32_t executor = 0; executor < kMostExecutors; ++executor) {
      writers.push_back(FirstWriter(i) + executor);
    }
  }
  crowd_.Audit(writers, people_.Now(), /*chains=*/true);
  fate_executor_.RunAfter(fate_.stopped() ? kBetweenCalmAudits : kBetweenAudits, [this] { Audit(); });
}

void Takeovers::Read() {
  people_.RunAfter(random_->Fraction() * 2 * kBetweenReads, [this] { Read(); });
  const size_t chosen = random_->Below(plan_.workflows.size() + 2);
  const std::string id = chosen < plan_.workflows.size() ? plan_.workflows[chosen].workflow_id : kPulse;
  const size_t side = random_->Below(sides_.size());
  Network& network = *sides_.at(side).network;
  if (!network.connected()) return;
  // The older of two of one name has until its next renewal to learn that its place is taken.
  readers_.Read(network, id, [this, side] { return !takeover_plan_.same_name || side == youngest_; });
}

void Takeovers::Pulse() {
  people_.RunAfter(random_->Fraction() * 2 * kBetweenPulses, [this] { Pulse(); });
  Network& network = *sides_.at(random_->Below(sides_.size())).network;
  if (fate_.stopped() || !network.connected()) return;
  if (!readers_.Knows(kPulse)) {
    temporal::api::workflowservice::v1::StartWorkflowExecutionRequest request;
    request.set_workflow_id(kPulse);
    request.set_request_id(kPulse);
    request.mutable_workflow_type()->set_name(kPulse);
    request.mutable_task_queue()->set_name("nobody");
    *request.mutable_workflow_run_timeout() = ToProto(kPulseLives);  // longer than faults go on
    network.history().Start(namespaces_.id(), std::move(request),
                            network.Answer<engine::workflow::StartReply>([](const auto& /*reply*/) {}));
    return;
  }
  engine::workflow::Signal signal;
  signal.request.mutable_workflow_execution()->set_workflow_id(kPulse);
  signal.request.set_signal_name(kPulse);
  signal.request.set_request_id(fmt::format("{}-{}", kPulse, ++pulses_));
  network.history().Execute({.namespace_id = namespaces_.id(), .id = kPulse, .run_id = std::nullopt},
                            std::move(signal),
                            network.Answer<engine::workflow::Reply>([](const auto& /*reply*/) {}));
}

bool Takeovers::OneStep() {
  ++steps_;
  if (!time_.RunOne() && !time_.RunTimerAlone()) return false;
  for (size_t i = 0; i < sides_.size(); ++i) {
    if (!sides_.at(i).process->exits()) continue;
    Kill(i);
    fate_executor_.RunAfter(random_->Fraction() * kLongestRestart, [this, i] { Start(i); });
  }
  return true;
}

std::vector<std::string> Takeovers::Run() {
  for (size_t i = 0; i < sides_.size(); ++i) {
    fate_executor_.RunAfter(random_->Fraction() * kLongestRestart, [this, i] { Start(i); });
    sides_.at(i).worker->StartPolling();
  }
  reconnects_.Every(kBetweenConnects, [this] { ConnectClient(); });
  Read();
  Pulse();
  Audit();
  ScheduleFate();
  crowd_.Begin();
  ending_.Await(kMostSteps);
  return journal_.broken();
}

std::string Takeovers::Description() const {
  const TakeoverPlan& t = takeover_plan_;
  return fmt::format(
      "{}; two processes: one name {}, the same writers {}, paused every {} for up to {}, "
      "killed every {}, stopped every {}",
      Describe(plan_), t.same_name, t.same_writers, absl::FormatDuration(t.between_pauses),
      absl::FormatDuration(t.longest_pause), absl::FormatDuration(t.between_kills),
      absl::FormatDuration(t.between_stops));
}

}  // namespace perdure::simulation
