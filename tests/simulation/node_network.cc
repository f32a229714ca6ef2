#include "tests/simulation/node_network.h"

#include <utility>
#include <vector>

namespace perdure::simulation {
namespace {

constexpr absl::Duration kLongestWay = absl::Milliseconds(20);
constexpr absl::Duration kLatestCopy = absl::Seconds(30);
// After so long, at the most, a caller takes an answer for lost.
constexpr absl::Duration kPatience = absl::Seconds(3);

}  // namespace

NodeNetwork::CallCopies::~CallCopies() {
  network_.Finish(waiting_, absl::UnavailableError("the call was dropped"));
}

absl::Duration NodeNetwork::Way() {
  return random_.Fraction() * (Chance(plan_.copy_late) ? kLatestCopy : kLongestWay);
}

// A node's task calls, and the timer is the network's.
void NodeNetwork::After(absl::Duration delay, Executor::Task task) {
  executor_.Post(
      [this, delay, task = std::move(task)]() mutable { executor_.RunAfter(delay, std::move(task)); });
}

void NodeNetwork::Leave(Incarnation node) {
  nodes_.erase(node);
  std::vector<WaitingPtr> lost;
  for (const auto& [number, waiting] : open_) {
    if (waiting->from == node || waiting->to == node) lost.push_back(waiting);
  }
  for (const WaitingPtr& waiting : lost) Finish(waiting, absl::UnavailableError("the node is gone"));
}

void NodeNetwork::Call(Incarnation from, Incarnation to, Service service, const std::string& bytes,
                       Done done) {
  std::erase_if(open_, [](const auto& entry) { return entry.second->done == nullptr; });
  auto waiting = std::make_shared<Waiting>(Waiting{from, to, std::move(done)});
  open_[next_++] = waiting;
  auto copies = std::make_shared<CallCopies>(*this, waiting);
  if (Chance(plan_.copy_lost)) return After(random_.Fraction() * kPatience, [copies = std::move(copies)] {});
  if (Chance(plan_.copy_twice)) Send(copies, service, bytes);
  Send(copies, service, bytes);
}

void NodeNetwork::Send(const CallCopiesPtr& copies, Service service, const std::string& bytes) {
  After(Way(), [this, copies, service, bytes] { Arrive(copies, service, bytes); });
}

void NodeNetwork::Arrive(const CallCopiesPtr& copies, Service service, const std::string& bytes) {
  const Waiting& call = copies->waiting();
  const auto node = nodes_.find(call.to);
  if (node == nodes_.end()) return;
  node->second.home->Post([this, copies, service, bytes] {
    const auto there = nodes_.find(copies->waiting().to);
    if (there == nodes_.end()) return;
    there->second.serve(
        copies->waiting().from, service, bytes,
        [this, copies](absl::StatusOr<std::string> answer) { Answer(copies, std::move(answer)); });
  });
}

void NodeNetwork::Answer(const CallCopiesPtr& copies, absl::StatusOr<std::string> answer) {
  if (Chance(plan_.copy_answer_lost)) answer = absl::UnavailableError("the answer was lost");
  After(Way(), [this, copies, answer = std::move(answer)]() mutable {
    Finish(copies->waiting_ptr(), std::move(answer));
  });
}

void NodeNetwork::Finish(const WaitingPtr& waiting, absl::StatusOr<std::string> answer) {
  if (waiting->done == nullptr) return;  // another copy was answered before
  Done done = std::exchange(waiting->done, nullptr);
  const auto node = nodes_.find(waiting->from);
  if (node == nodes_.end()) return;  // nobody waits any more
  node->second.home->Post(
      [done = std::move(done), answer = std::move(answer)]() mutable { std::move(done)(std::move(answer)); });
}

}  // namespace perdure::simulation
