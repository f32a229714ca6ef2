#include "tests/simulation/placement.h"

#include <vector>

#include "base/status.h"
#include "persistence/node_lease.h"

namespace perdure::simulation {
namespace {

server::QueueKey QueueOfPoll(const server::Poll& poll) {
  if (const auto* workflow = std::get_if<server::WorkflowPoll>(&poll.poll)) {
    return {poll.namespace_id, engine::TaskKind::kWorkflow, workflow->request.task_queue().name()};
  }
  const auto& activity = std::get<server::ActivityPoll>(poll.poll);
  return {poll.namespace_id, engine::TaskKind::kActivity, activity.request.task_queue().name()};
}

}  // namespace

std::optional<size_t> Placement::NodeOf(const server::QueueKey& queue) const {
  // Rendezvous: a node that comes or goes moves its own queues alone.
  std::optional<size_t> chosen;
  uint64_t highest = 0;
  for (size_t node = 0; node < nodes.size(); ++node) {
    if (nodes.at(node) == 0) continue;
    const uint64_t weight = StableHash(queue.name, node);
    if (!chosen.has_value() || weight > highest) {
      chosen = node;
      highest = weight;
    }
  }
  return chosen;
}

std::optional<size_t> Placement::NodeOf(server::OwnerId owner) const {
  for (size_t node = 0; node < nodes.size(); ++node) {
    const uint32_t first = first_writers.at(node);
    const bool here = owner.writer >= first && owner.writer - first < persistence::kWritersOfANode;
    if (nodes.at(node) != 0 && here) return node;
  }
  return std::nullopt;
}

server::History* PlacedHistory::Of(const Uuid& namespace_id, const std::string& id) const {
  const std::optional<size_t> owner = placement_.parts.at(PartOf(namespace_id, id));
  return owner.has_value() ? reach_(*owner) : nullptr;
}

template <typename T>
void PlacedHistory::NotReached(Callback<T> done) {
  executor_.Post([done = std::move(done)]() mutable {
    std::move(done)(Unavailable("the shard's owner is not known, or cannot be reached"));
  });
}

void PlacedHistory::Start(const Uuid& namespace_id, KindNumber kind,
                          std::unique_ptr<engine::StartRequest> request, Callback<engine::ReplyPtr> done) {
  server::History* const owner = Of(namespace_id, request->id());
  if (owner == nullptr) return NotReached(std::move(done));
  owner->Start(namespace_id, kind, std::move(request), std::move(done));
}

void PlacedHistory::Execute(server::EntityRef run, engine::RequestPtr request,
                            Callback<engine::ReplyPtr> done) {
  server::History* const owner = Of(run.namespace_id, run.id);
  if (owner == nullptr) return NotReached(std::move(done));
  owner->Execute(std::move(run), std::move(request), std::move(done));
}

void PlacedHistory::Read(server::EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  server::History* const owner = Of(run.namespace_id, run.id);
  if (owner == nullptr) return NotReached(std::move(done));
  owner->Read(std::move(run), std::move(request), std::move(done));
}

uint64_t PlacedHistory::Ask(server::EntityRef run, engine::RequestPtr request, absl::Duration max_wait,
                            Callback<engine::ReplyPtr> done) {
  server::History* const owner = Of(run.namespace_id, run.id);
  if (owner == nullptr) {
    NotReached(std::move(done));
  } else {
    owner->Ask(std::move(run), std::move(request), max_wait, std::move(done));
  }
  return 0;
}

uint64_t PlacedHistory::WaitForEvents(server::EntityRef run, int64_t from_event_id, absl::Duration max_wait,
                                      Callback<server::RunPosition> done) {
  server::History* const owner = Of(run.namespace_id, run.id);
  if (owner == nullptr) {
    NotReached(std::move(done));
  } else {
    owner->WaitForEvents(std::move(run), from_event_id, max_wait, std::move(done));
  }
  return 0;
}

void PlacedHistory::CancelWait(uint64_t /*wait*/) {}

void PlacedHistory::ReadEvents(server::EventsQuery query, Callback<server::EventsPage> done) {
  server::History* const owner = Of(query.run.namespace_id, query.run.id);
  if (owner == nullptr) return NotReached(std::move(done));
  owner->ReadEvents(std::move(query), std::move(done));
}

void PlacedHistory::Deliver(perdure::engine::Delivery delivery,
                            Callback<perdure::engine::DeliveryAnswers> done) {
  const perdure::engine::Target& target = delivery.copies(0).message().target();
  server::History* const owner = Of(Uuid::FromBytes(target.namespace_id()).value_or(Uuid{}), target.id());
  if (owner == nullptr) return NotReached(std::move(done));
  owner->Deliver(std::move(delivery), std::move(done));
}

server::History* PlacedHistory::Of(server::OwnerId owner) const {
  const std::optional<size_t> node = placement_.NodeOf(owner);
  return node.has_value() ? reach_(*node) : nullptr;
}

void PlacedHistory::Declined(server::Task task) {
  server::History* const owner = Of(task.owner);
  if (owner != nullptr) owner->Declined(std::move(task));
}

void PlacedHistory::HasRoom(server::OwnerId owner, const server::QueueKey& queue, size_t room) {
  server::History* const node = Of(owner);
  if (node != nullptr) node->HasRoom(owner, queue, room);
}

server::Matching* PlacedMatching::Of(const server::QueueKey& queue) const {
  const std::optional<size_t> node = placement_.NodeOf(queue);
  return node.has_value() ? reach_(*node) : nullptr;
}

template <typename T>
void PlacedMatching::NotReached(Callback<T> done) {
  executor_.Post([done = std::move(done)]() mutable {
    std::move(done)(Unavailable("the queue's node cannot be reached"));
  });
}

void PlacedMatching::OnPlacement() {
  std::vector<uint64_t> misplaced;
  for (const auto& [id, open] : open_) {
    if (placement_.NodeOf(open.queue) != open.node) misplaced.push_back(id);
  }
  for (const uint64_t id : misplaced) CancelPoll(id);
}

void PlacedMatching::Offer(server::Task task) {
  server::Matching* const matching = Of(QueueOf(task));
  if (matching != nullptr) matching->Offer(std::move(task));
}

void PlacedMatching::Withdraw(const server::Task& task) {
  server::Matching* const matching = Of(QueueOf(task));
  if (matching != nullptr) matching->Withdraw(task);
}

void PlacedMatching::Backlogged(const server::QueueKey& queue, server::OwnerId owner, size_t tasks) {
  server::Matching* const matching = Of(queue);
  if (matching != nullptr) matching->Backlogged(queue, owner, tasks);
}

uint64_t PlacedMatching::StartPoll(server::Poll poll, Callback<server::PolledTask> done) {
  const server::QueueKey queue = QueueOfPoll(poll);
  const uint64_t id = next_poll_++;
  const std::optional<size_t> node = placement_.NodeOf(queue);
  server::Matching* const matching = node.has_value() ? reach_(*node) : nullptr;
  if (matching == nullptr) {
    NotReached(std::move(done));
    return id;
  }
  const uint64_t poll_there = matching->StartPoll(
      std::move(poll), [this, id, done = std::move(done)](absl::StatusOr<server::PolledTask> task) mutable {
        open_.erase(id);
        std::move(done)(std::move(task));
      });
  open_[id] = {queue, *node, placement_.nodes.at(*node), poll_there};
  return id;
}

void PlacedMatching::CancelPoll(uint64_t id) {
  const auto open = open_.find(id);
  if (open == open_.end() || placement_.nodes.at(open->second.node) != open->second.incarnation) return;
  server::Matching* const matching = reach_(open->second.node);
  if (matching != nullptr) matching->CancelPoll(open->second.poll);
}

uint64_t PlacedMatching::Query(server::QueryTask query, Callback<server::QueryAnswer> done) {
  server::Matching* const matching =
      Of({query.run.namespace_id, engine::TaskKind::kWorkflow, query.task_queue});
  if (matching == nullptr) {
    NotReached(std::move(done));
  } else {
    matching->Query(std::move(query), std::move(done));
  }
  return 0;
}

void PlacedMatching::AnswerQuery(server::QueryTaskToken token,
                                 engine::workflow::api::RespondQueryTaskCompletedRequest answer,
                                 Callback<std::monostate> done) {
  server::Matching* const matching = Of({Uuid::FromBytes(token.namespace_id()).value_or(Uuid{}),
                                         engine::TaskKind::kWorkflow, token.task_queue()});
  if (matching == nullptr) return NotReached(std::move(done));
  matching->AnswerQuery(std::move(token), std::move(answer), std::move(done));
}

void PlacedMatching::Describe(server::QueueKey queue, Callback<server::QueueDescription> done) {
  server::Matching* const matching = Of(queue);
  if (matching == nullptr) return NotReached(std::move(done));
  matching->Describe(std::move(queue), std::move(done));
}

void PlacedMatching::ForgetStickyQueue(server::QueueKey queue) {
  server::Matching* const matching = Of(queue);
  if (matching != nullptr) matching->ForgetStickyQueue(std::move(queue));
}

}  // namespace perdure::simulation
