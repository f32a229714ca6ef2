#include "tests/simulation/two_nodes.h"

#include <fmt/format.h>

#include <utility>

#include "base/event_loop.h"
#include "tests/simulation/server_process.h"

namespace perdure::simulation {
namespace {

constexpr absl::Duration kLongestRestart = absl::Seconds(6);
// Until the others know that a node is gone, and until a node learns what else has changed.
constexpr absl::Duration kLongestDetection = absl::Seconds(3);
constexpr absl::Duration kLongestNews = absl::Milliseconds(300);
// Until who has handed a part over asks for it again.
constexpr absl::Duration kLongestAbsence = absl::Seconds(10);
constexpr absl::Duration kBetweenReads = absl::Milliseconds(200);
constexpr absl::Duration kBetweenConnects = absl::Milliseconds(500);
constexpr absl::Duration kBetweenClockSteps = absl::Seconds(20);
constexpr absl::Duration kBetweenAudits = absl::Seconds(2);
constexpr absl::Duration kBetweenCalmAudits = absl::Minutes(1);
constexpr uint64_t kMostSteps = 4'000'000;
// One seed of so many goes on until its runs' retention is over, at which the clock is set so far ahead.
constexpr uint64_t kSeedsForRetention = 4;
constexpr absl::Duration kPastRetention = absl::Hours(100);

absl::Duration DrawInterval(Random& random, double never, absl::Duration least, absl::Duration most) {
  return Chance(random, never) ? absl::InfiniteDuration() : Between(random, least, most);
}

TwoNodesPlan DrawNodes(Random& random) {
  TwoNodesPlan plan;
  plan.between_moves = DrawInterval(random, 0.1, absl::Milliseconds(500), absl::Seconds(10));
  plan.between_kills = DrawInterval(random, 0.3, absl::Seconds(5), absl::Seconds(40));
  plan.between_pauses = DrawInterval(random, 0.5, absl::Seconds(3), absl::Seconds(30));
  plan.longest_pause = Between(random, absl::Seconds(1), absl::Seconds(20));
  return plan;
}

// Who waits for the end of a workflow looks at it: here the readers look all along.
Plan DrawPlanOfTwo(Random& random, bool whole) {
  Plan plan = DrawPlan(random, whole);
  plan.watched = true;
  return plan;
}

}  // namespace

TwoNodes::TwoNodes(uint64_t seed, bool whole)
    : seed_(seed),
      time_(seed),
      random_(NewSeededRandom(time_.random().Next())),
      plan_(DrawPlanOfTwo(*random_, whole)),
      nodes_plan_(DrawNodes(*random_)),
      faults_(plan_.faults, *random_),
      store_(persistence::NewMemoryStore(StoreOptions())),
      auditor_(*store_, faults_, namespaces_.id()),
      people_(time_),
      fate_executor_(time_),
      fate_(fate_executor_, *random_),
      reconnects_(people_, *random_),
      message_clock_(fate_executor_),
      node_network_(fate_executor_, plan_.faults, *random_),
      copies_(people_, plan_.faults, *random_),
      readers_(namespaces_.id(), journal_),
      client_network_(people_, plan_.faults, *random_),
      crowd_(plan_, namespaces_.id(), people_, *random_, client_network_, journal_, auditor_) {
  for (std::unique_ptr<PartStore>& part : part_stores_) {
    part = std::make_unique<PartStore>(*store_, StoreOptions());
  }
  for (size_t i = 0; i < sides_.size(); ++i) {
    Side& side = sides_.at(i);
    side.network = std::make_unique<Network>(people_, plan_.faults, *random_);
    side.worker = std::make_unique<Worker>(plan_, namespaces_.id(), people_, *random_, *side.network,
                                           journal_, fmt::format("worker-{}", i));
  }
}

TwoNodes::~TwoNodes() {
  for (Side& side : sides_) side.node.reset();
  // What is on its way goes before the networks do.
  fate_executor_.DropEverything();
  people_.DropEverything();
}

persistence::MemoryStoreOptions TwoNodes::StoreOptions() {
  persistence::MemoryStoreOptions store;
  store.faults = &faults_;
  store.clock = [this] { return time_.wall(); };
  return store;
}

void TwoNodes::Start(size_t number) {
  Side& side = sides_.at(number);
  ClusterNode::Options options;
  options.number = number;
  options.incarnation = ++last_incarnation_;
  options.clock_step = clock_step_;
  options.history = HistoryOptionsOf(plan_);
  options.matching = {.queue_window = plan_.queue_window};
  options.owns = [this, number, incarnation = last_incarnation_](size_t part) {
    fate_executor_.Post([this, number, incarnation, part] {
      if (Lives(number, incarnation)) OnOwned(part, number);
    });
  };
  side.node =
      std::make_unique<ClusterNode>(ClusterNode::World{time_, *store_, part_stores_, namespaces_, metrics_,
                                                       kinds_, message_clock_, node_network_, copies_},
                                    std::move(options));
  side.node->Begin([this, number, incarnation = last_incarnation_] {
    fate_executor_.Post([this, number, incarnation] {
      if (Lives(number, incarnation)) OnReady(number);
    });
  });
}

bool TwoNodes::Lives(size_t side, Incarnation incarnation) const {
  return sides_.at(side).node != nullptr && sides_.at(side).node->incarnation() == incarnation;
}

void TwoNodes::OnReady(size_t number) {
  Side& side = sides_.at(number);
  side.ready = true;
  truth_.nodes.at(number) = side.node->incarnation();
  truth_.first_writers.at(number) = side.node->first_writer();
  side.node->Learn(truth_);
  for (size_t part = 0; part < kParts; ++part) {
    writers_.push_back(side.node->first_writer() + static_cast<uint32_t>(part));
    side.node->SeekPart(part);
  }
  side.network->Connect(&side.node->history(), &side.node->matching());
  ConnectClient();
  Tell();
}

void TwoNodes::OnOwned(size_t part, size_t number) {
  ++moves_;
  truth_.parts.at(part) = number;
  Tell();
}

void TwoNodes::Kill(size_t number) {
  Side& side = sides_.at(number);
  side.network->Crash();
  client_network_.Crash();  // it may have calls open there
  side.node.reset();
  side.ready = false;
  side.gives_up = {};
  ConnectClient();
  const Incarnation gone = truth_.nodes.at(number);
  fate_executor_.RunAfter(random_->Fraction() * kLongestDetection, [this, number, gone] {
    if (truth_.nodes.at(number) == gone) truth_.nodes.at(number) = 0;
    Tell();
  });
}

void TwoNodes::Restart(size_t number) {
  if (sides_.at(number).node == nullptr) return;
  Kill(number);
  fate_executor_.RunAfter(random_->Fraction() * kLongestRestart, [this, number] { Start(number); });
}

void TwoNodes::Pause(size_t number) {
  Side& side = sides_.at(number);
  if (side.node == nullptr || side.node->paused()) return;
  side.node->Pause();
  fate_executor_.RunAfter(random_->Fraction() * nodes_plan_.longest_pause,
                          [this, number, incarnation = side.node->incarnation()] {
                            if (Lives(number, incarnation)) sides_.at(number).node->Resume();
                          });
}

void TwoNodes::ConnectClient() {
  std::vector<ClusterNode*> up;
  for (Side& side : sides_) {
    if (side.ready) up.push_back(side.node.get());
  }
  if (up.empty()) return;
  ClusterNode& chosen = *up[random_->Below(up.size())];
  client_network_.Connect(&chosen.history(), &chosen.matching());
}

void TwoNodes::Tell() {
  for (size_t number = 0; number < sides_.size(); ++number) Tell(number);
}

void TwoNodes::Tell(size_t number) {
  fate_executor_.RunAfter(random_->Fraction() * kLongestNews, [this, number] {
    Side& side = sides_.at(number);
    if (!side.ready) return;
    if (side.node->paused()) return Tell(number);  // it learns nothing meanwhile
    side.node->Learn(truth_);
  });
}

void TwoNodes::HandOver(size_t part) {
  const std::optional<size_t> owner = truth_.parts.at(part);
  if (!owner.has_value()) return;
  Side& side = sides_.at(*owner);
  if (!side.ready || std::exchange(side.gives_up.at(part), true)) return;
  const Incarnation incarnation = side.node->incarnation();
  truth_.parts.at(part).reset();
  Tell();
  side.node->GivePartUp(part, [this, part, number = *owner, incarnation] {
    fate_executor_.Post([this, part, number, incarnation] { OnHandedOver(part, number, incarnation); });
  });
}

void TwoNodes::OnHandedOver(size_t part, size_t side, Incarnation incarnation) {
  if (!Lives(side, incarnation)) return;
  sides_.at(side).node->EndPart(part);
  fate_executor_.RunAfter(random_->Fraction() * kLongestAbsence, [this, part, side, incarnation] {
    if (!Lives(side, incarnation)) return;
    sides_.at(side).gives_up.at(part) = false;
    sides_.at(side).node->SeekPart(part);
  });
}

void TwoNodes::ScheduleFate() {
  fate_.Every(nodes_plan_.between_moves, [this] { HandOver(random_->Below(kParts)); });
  for (size_t i = 0; i < sides_.size(); ++i) {
    fate_.Every(nodes_plan_.between_kills, [this, i] { Restart(i); });
    fate_.Every(nodes_plan_.between_pauses, [this, i] { Pause(i); });
    fate_.Every(kBetweenClockSteps, [this, i] {
      const absl::Duration by = (random_->Fraction() - 0.5) * absl::Seconds(20);
      if (sides_.at(i).node != nullptr) sides_.at(i).node->StepWallClock(by);
    });
  }
  fate_executor_.RunAfter(plan_.faulty_time, [this] { StopFaults(); });
}

void TwoNodes::StopFaults() {
  fate_.Stop();
  faults_.Stop();
  journal_.Calm(people_.Now());
  client_network_.StopFaults();
  node_network_.StopFaults();
  copies_.StopFaults();
  for (Side& side : sides_) {
    if (side.node != nullptr) side.node->Resume();
    side.network->StopFaults();
    side.worker->StopFaults();
    fate_executor_.RunAfter(plan_.rare_polls_after,
                            [this, &side] { people_.Post([&side] { side.worker->PollRareQueue(); }); });
  }
}

void TwoNodes::Audit() {
  // Runs go one by one once retention passes, so that chains have gaps.
  crowd_.Audit(writers_, people_.Now() + clock_step_, /*chains=*/!retention_passes_);
  fate_executor_.RunAfter(fate_.stopped() ? kBetweenCalmAudits : kBetweenAudits, [this] { Audit(); });
}

void TwoNodes::Read() {
  people_.RunAfter(random_->Fraction() * 2 * kBetweenReads, [this] { Read(); });
  if (plan_.workflows.empty() || retention_passes_) return;
  const std::string& id = plan_.workflows[random_->Below(plan_.workflows.size())].workflow_id;
  Network& network = *sides_.at(random_->Below(sides_.size())).network;
  if (network.connected()) readers_.Read(network, id, [this] { return !retention_passes_; });
}

bool TwoNodes::OneStep() {
  ++steps_;
  return time_.RunOne() || time_.RunTimerAlone();
}

std::vector<std::string> TwoNodes::Run() {
  for (size_t i = 0; i < sides_.size(); ++i) {
    fate_executor_.RunAfter(random_->Fraction() * kLongestRestart, [this, i] { Start(i); });
    sides_.at(i).worker->StartPolling();
  }
  reconnects_.Every(kBetweenConnects, [this] { ConnectClient(); });
  Read();
  Audit();
  ScheduleFate();
  crowd_.Begin();
  ending_.Await(kMostSteps);
  if (seed_ % kSeedsForRetention == 0 && journal_.broken().empty()) PassRetention();
  return journal_.broken();
}

void TwoNodes::PassRetention() {
  retention_passes_ = true;
  for (size_t i = 0; i < sides_.size(); ++i) Restart(i);
  clock_step_ = kPastRetention;
  const std::string left = ending_.AwaitRemoval(auditor_);
  if (!left.empty()) journal_.Broken("retention leaves " + left);
}

std::string TwoNodes::Description() const {
  const TwoNodesPlan& t = nodes_plan_;
  return fmt::format(
      "{}; two nodes: a part handed over every {}, each killed every {}, paused every {} for up to {}",
      Describe(plan_), absl::FormatDuration(t.between_moves), absl::FormatDuration(t.between_kills),
      absl::FormatDuration(t.between_pauses), absl::FormatDuration(t.longest_pause));
}

}  // namespace perdure::simulation
