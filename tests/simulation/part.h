// A quarter of the shards, as a node asks for it: the lease on it, and the host that owns its shards while
// the lease is held. And history as a node has it whose parts these are.
//
// Not thread-safe: the simulation is one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/testing/manual_executor.h"
#include "server/cluster/lease.h"
#include "server/history/history_host.h"
#include "server/history/local_messages.h"
#include "tests/simulation/part_store.h"

namespace perdure::simulation {

inline constexpr size_t kParts = 4;

inline size_t PartOf(const Uuid& namespace_id, const std::string& id) {
  return ShardOf(namespace_id, id) % kParts;
}

// What a part works with; all outlives it.
struct PartWorld {
  VirtualTime& time;
  PartStore& store;
  const server::NamespaceRegistry& namespaces;
  server::Metrics& metrics;
  const server::EntityKinds& kinds;
  const server::MessageClock& message_clock;
  server::History& all_history;  // where messages go
  server::MessageCarrier& copies;
  server::TaskSink& sink;
};

class Part {
 public:
  struct Options {
    size_t number = 0;
    persistence::NodeRow node;  // whose first writer is of the range that the node was given
    server::HistoryOptions history;
  };
  Part(const PartWorld& world, Options options);
  // What it was asked and has not answered is dropped.
  ~Part();
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  // Asks for the lease, and goes on until GiveUp; `owned` is called each time that it is held anew.
  void Seek(const std::function<void()>& owned);
  // Takes nothing new; `done` is called once all that was decided is durable, or dropped, and the lease was
  // given back.
  void GiveUp(absl::AnyInvocable<void() &&> done);
  // Whoever was told what its runs owe is gone: all is told anew.
  void TellAnew();
  // Its executor is needed as long as answers to its messages may come; nothing runs on it any more.
  std::unique_ptr<ManualExecutor> End();

  ManualExecutor& executor() { return *executor_; }
  // Null until it has had the lease.
  server::HistoryHost* host() { return host_.get(); }
  uint32_t writer() const { return options_.node.first_writer + static_cast<uint32_t>(options_.number); }

 private:
  // What was told counts like the lease: after a change of either all is taken up anew.
  class ToldLease final : public server::Lease {
   public:
    explicit ToldLease(const server::Lease& lease) : lease_(lease) {}
    uint64_t Hold(absl::Duration monotonic) const override {
      const uint64_t hold = lease_.Hold(monotonic);
      return hold == 0 ? 0 : hold + tellings_;
    }
    std::optional<persistence::Tenure> Tenure() const override { return lease_.Tenure(); }
    void TellAnew() { ++tellings_; }

   private:
    const server::Lease& lease_;
    uint64_t tellings_ = 0;
  };

  void TakeUp();

  const PartWorld world_;
  const Options options_;
  std::unique_ptr<ManualExecutor> executor_;
  std::unique_ptr<persistence::Session> lease_session_;
  std::unique_ptr<server::LeaseKeeper> keeper_;
  ToldLease lease_;
  std::unique_ptr<server::LocalMessages> messages_;
  std::unique_ptr<server::HistoryHost> host_;
};

// The parts that a node asks for. What it does not have is UNAVAILABLE here; so is what a part drops.
class PartsHistory final : public server::History {
 public:
  using Uuid = perdure::Uuid;
  template <typename T>
  using Callback = server::Callback<T>;

  // `executor`: of the node.
  explicit PartsHistory(Executor& executor) : executor_(executor) {}

  std::array<std::unique_ptr<Part>, kParts>& parts() { return parts_; }

  void Start(const Uuid& namespace_id, KindNumber kind, std::unique_ptr<engine::StartRequest> request,
             Callback<engine::ReplyPtr> done) override;
  void Execute(server::EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) override;
  uint64_t Ask(server::EntityRef run, engine::RequestPtr request, absl::Duration max_wait,
               Callback<engine::ReplyPtr> done) override;
  void Read(server::EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) override;
  uint64_t WaitForEvents(server::EntityRef run, int64_t from_event_id, absl::Duration max_wait,
                         Callback<server::RunPosition> done) override;
  void CancelWait(uint64_t wait) override;
  void ReadEvents(server::EventsQuery query, Callback<server::EventsPage> done) override;
  void Deliver(perdure::engine::Delivery delivery, Callback<perdure::engine::DeliveryAnswers> done) override;
  void Declined(server::Task task) override;
  void HasRoom(server::OwnerId owner, const server::QueueKey& queue, size_t room) override;

 private:
  server::HistoryHost* OwnedBy(server::OwnerId owner);
  // Says where the wait is.
  uint64_t NewWait(size_t part) { return ++next_wait_ * kParts + part; }
  // Posts `call(host, done)` to the part, if it is here.
  template <typename T, typename Call>
  void Post(size_t part, Callback<T> done, Call call);

  Executor& executor_;
  std::array<std::unique_ptr<Part>, kParts> parts_;
  uint64_t next_wait_ = 0;
};

}  // namespace perdure::simulation
