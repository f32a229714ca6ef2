#include "tests/simulation/cluster_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace perdure::simulation {
namespace {

constexpr absl::Duration kBeforeAskingAgain = absl::Milliseconds(200);

}  // namespace

using Service = NodeNetwork::Service;

ClusterNode::Peer::Peer(ClusterNode& node, Incarnation to)
    : history_carrier(node.world_.network, node.incarnation(), to, Service::kHistory),
      matching_carrier(node.world_.network, node.incarnation(), to, Service::kMatching),
      history_calls(history_carrier),
      matching_calls(matching_carrier),
      history(node.executor_, history_calls, node.world_.kinds),
      matching(node.executor_, matching_calls) {}

ClusterNode::Served::Served(ClusterNode& node)
    : history(node.parts_, node.world_.kinds), matching(node.node_matching_) {}

ClusterNode::ClusterNode(World world, Options options)
    : world_(world),
      options_(std::move(options)),
      executor_(world.time),
      matching_executor_(world.time),
      session_(world.store.OpenSession(executor_)),
      clock_step_(options_.clock_step),
      parts_(executor_),
      own_history_(executor_, world.kinds),
      placed_history_(executor_, placement_,
                      [this](size_t node) -> server::History* {
                        if (node == options_.number) return &own_history_.remote();
                        return peers_.at(node) == nullptr ? nullptr : &peers_.at(node)->history;
                      }),
      node_matching_(matching_executor_, placed_history_, world.namespaces, world.metrics, options_.matching),
      own_matching_(executor_, node_matching_),
      placed_matching_(executor_, placement_, [this](size_t node) -> server::Matching* {
        if (node == options_.number) return &own_matching_.remote();
        return peers_.at(node) == nullptr ? nullptr : &peers_.at(node)->matching;
      }) {
  row_.incarnation = Uuid::Mint(world.time.random());
  row_.name = fmt::format("node-{}", options_.number);
  row_.address = "somewhere";
  for (ManualExecutor* executor : Executors()) executor->StepWallClock(clock_step_);
  own_history_.Reach(parts_);
  world_.copies.Connect(placed_history_);
  world_.network.Join(options_.incarnation, executor_,
                      [this](Incarnation from, Service service, const std::string& bytes,
                             NodeNetwork::Done done) { Serve(from, service, bytes, std::move(done)); });
}

ClusterNode::~ClusterNode() {
  world_.network.Leave(options_.incarnation);
  world_.copies.Disconnect(placed_history_);
  DropEverything();
  for (std::unique_ptr<Part>& part : parts_.parts()) part.reset();
  DropEverything();
}

std::vector<ManualExecutor*> ClusterNode::Executors() {
  std::vector<ManualExecutor*> all{&executor_, &matching_executor_};
  for (const std::unique_ptr<Part>& part : parts_.parts()) {
    if (part != nullptr) all.push_back(&part->executor());
  }
  return all;
}

void ClusterNode::DropEverything() {
  executor_.DropEverything();
  matching_executor_.DropEverything();
  for (const auto& executor : ended_) executor->DropEverything();
}

void ClusterNode::Begin(std::function<void()> ready) {
  executor_.Post([this, ready = std::move(ready)] { AskForWriters(ready); });
}

void ClusterNode::AskForWriters(const std::function<void()>& ready) {
  session_->RenewLease(row_, server::LeaseKeeper::Options().duration,
                       [this, ready](const absl::StatusOr<persistence::LeaseAnswer>& answer) {
                         if (!answer.ok()) {
                           executor_.RunAfter(kBeforeAskingAgain, [this, ready] { AskForWriters(ready); });
                           return;
                         }
                         row_.first_writer = answer->first_writer;
                         ready();
                       });
}

void ClusterNode::Pause() {
  paused_ = true;
  for (ManualExecutor* executor : Executors()) executor->Pause();
}

void ClusterNode::Resume() {
  paused_ = false;
  for (ManualExecutor* executor : Executors()) executor->Resume();
}

void ClusterNode::StepWallClock(absl::Duration by) {
  clock_step_ += by;
  for (ManualExecutor* executor : Executors()) executor->StepWallClock(by);
}

void ClusterNode::Serve(Incarnation from, Service service, const std::string& bytes, NodeNetwork::Done done) {
  // Who calls is known first: else what is to be told to him would reach nobody.
  const auto& nodes = placement_.nodes;
  if (std::find(nodes.begin(), nodes.end(), from) == nodes.end())
    return std::move(done)(Unavailable("the caller is not known yet"));
  std::unique_ptr<Served>& served = served_[from];
  if (served == nullptr) served = std::make_unique<Served>(*this);
  switch (service) {
    case Service::kHistory:
      return served->history_calls.Handle(bytes, std::move(done),
                                          [&](std::string_view call, server::Callback<std::string> answer) {
                                            served->history.Handle(call, std::move(answer));
                                          });
    case Service::kMatching:
      return served->matching_calls.Handle(bytes, std::move(done),
                                           [&](std::string_view call, server::Callback<std::string> answer) {
                                             served->matching.Handle(call, std::move(answer));
                                           });
  }
}

void ClusterNode::Learn(const Placement& placement) {
  bool other_is_new = false;
  for (size_t node = 0; node < kNodes; ++node) {
    const Incarnation now = placement.nodes.at(node);
    if (node == options_.number || now == placement_.nodes.at(node)) continue;
    peers_.at(node) = now == 0 ? nullptr : std::make_unique<Peer>(*this, now);
    other_is_new = true;
  }
  placement_ = placement;
  placed_matching_.OnPlacement();
  if (!other_is_new) return;
  for (const std::unique_ptr<Part>& part : parts_.parts()) {
    if (part != nullptr) part->TellAnew();
  }
}

void ClusterNode::SeekPart(size_t number) {
  std::unique_ptr<Part>& part = parts_.parts().at(number);
  PERDURE_CHECK(part == nullptr, "a node asks once for a part");
  part = std::make_unique<Part>(
      PartWorld{world_.time, *world_.part_stores.at(number), world_.namespaces, world_.metrics, world_.kinds,
                world_.message_clock, placed_history_, world_.copies, placed_matching_},
      Part::Options{.number = number, .node = row_, .history = options_.history});
  part->executor().StepWallClock(clock_step_);
  if (paused_) part->executor().Pause();
  part->Seek([this, number] { options_.owns(number); });
}

void ClusterNode::GivePartUp(size_t part, std::function<void()> done) {
  parts_.parts().at(part)->GiveUp([done = std::move(done)] { done(); });
}

void ClusterNode::EndPart(size_t part) {
  ended_.push_back(parts_.parts().at(part)->End());
  parts_.parts().at(part).reset();
}

}  // namespace perdure::simulation
