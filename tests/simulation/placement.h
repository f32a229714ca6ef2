// Where history's parts and matching's queues are, as one node believes; and history and matching as its
// callers see them, wherever what they ask is.
//
// Not thread-safe: the simulation is one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/executor.h"
#include "server/history/history.h"
#include "server/matching/matching.h"
#include "tests/simulation/node_network.h"
#include "tests/simulation/part.h"

namespace perdure::simulation {

inline constexpr size_t kNodes = 2;

struct Placement {
  std::array<Incarnation, kNodes> nodes{};            // 0: it is down
  std::array<uint32_t, kNodes> first_writers{};       // of those that are up
  std::array<std::optional<size_t>, kParts> parts{};  // their owners; nullopt while they move

  // The node that has the queue; nullopt when all are down.
  std::optional<size_t> NodeOf(const server::QueueKey& queue) const;
  // The node that has the writer; nullopt when none that is up has.
  std::optional<size_t> NodeOf(server::OwnerId owner) const;
};

class PlacedHistory final : public server::History {
 public:
  using Uuid = perdure::Uuid;
  template <typename T>
  using Callback = server::Callback<T>;
  // Null: the node cannot be reached.
  using Reach = std::function<server::History*(size_t node)>;

  // All outlive it.
  PlacedHistory(Executor& executor, const Placement& placement, Reach reach)
      : executor_(executor), placement_(placement), reach_(std::move(reach)) {}

  void Start(const Uuid& namespace_id, KindNumber kind, std::unique_ptr<engine::StartRequest> request,
             Callback<engine::ReplyPtr> done) override;
  void Execute(server::EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) override;
  uint64_t Ask(server::EntityRef run, engine::RequestPtr request, absl::Duration max_wait,
               Callback<engine::ReplyPtr> done) override;
  void Read(server::EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) override;
  uint64_t WaitForEvents(server::EntityRef run, int64_t from_event_id, absl::Duration max_wait,
                         Callback<server::RunPosition> done) override;
  // No wait is called off here: the clients of the simulation wait for the ends of theirs.
  void CancelWait(uint64_t wait) override;
  void ReadEvents(server::EventsQuery query, Callback<server::EventsPage> done) override;
  void Deliver(perdure::engine::Delivery delivery, Callback<perdure::engine::DeliveryAnswers> done) override;
  void Declined(server::Task task) override;
  void HasRoom(server::OwnerId owner, const server::QueueKey& queue, size_t room) override;

 private:
  server::History* Of(const Uuid& namespace_id, const std::string& id) const;
  server::History* Of(server::OwnerId owner) const;
  template <typename T>
  void NotReached(Callback<T> done);

  Executor& executor_;
  const Placement& placement_;
  const Reach reach_;
};

class PlacedMatching final : public server::Matching {
 public:
  template <typename T>
  using Callback = server::Callback<T>;
  // Null: the node cannot be reached.
  using Reach = std::function<server::Matching*(size_t node)>;

  // All outlive it.
  PlacedMatching(Executor& executor, const Placement& placement, Reach reach)
      : executor_(executor), placement_(placement), reach_(std::move(reach)) {}

  // Placement has changed: polls that wait where their queue was are called off.
  void OnPlacement();

  void Offer(server::Task task) override;
  void Withdraw(const server::Task& task) override;
  void Backlogged(const server::QueueKey& queue, server::OwnerId owner, size_t tasks) override;
  uint64_t StartPoll(server::Poll poll, Callback<server::PolledTask> done) override;
  void CancelPoll(uint64_t poll) override;
  uint64_t Query(server::QueryTask query, Callback<server::QueryAnswer> done) override;
  // No query is called off here, as no wait is.
  void CancelQuery(uint64_t /*query*/) override {}
  void AnswerQuery(server::QueryTaskToken token,
                   engine::workflow::api::RespondQueryTaskCompletedRequest answer,
                   Callback<std::monostate> done) override;
  void Describe(server::QueueKey queue, Callback<server::QueueDescription> done) override;
  void ForgetStickyQueue(server::QueueKey queue) override;
  void Drain() override {}

 private:
  struct Open {
    server::QueueKey queue;
    size_t node = 0;
    Incarnation incarnation = 0;
    uint64_t poll = 0;  // as that node's matching calls it
  };
  server::Matching* Of(const server::QueueKey& queue) const;
  template <typename T>
  void NotReached(Callback<T> done);

  Executor& executor_;
  const Placement& placement_;
  const Reach reach_;
  std::map<uint64_t, Open> open_;
  uint64_t next_poll_ = 1;
};

}  // namespace perdure::simulation
