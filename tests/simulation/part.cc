#include "tests/simulation/part.h"

#include <vector>

#include "base/check.h"

namespace perdure::simulation {
namespace {

std::vector<ShardId> ShardsOf(size_t part) {
  std::vector<ShardId> shards;
  for (ShardId shard = 0; shard < kShardCount; ++shard) {
    if (shard % kParts == part) shards.push_back(shard);
  }
  return shards;
}

// A callback that is called with UNAVAILABLE when it goes away uncalled. It is called on the node's executor,
// at which a node that dies drops it.
template <typename T>
class Answering {
 public:
  Answering(Executor& executor, server::Callback<T> done) : executor_(&executor), done_(std::move(done)) {}
  Answering(Answering&& other) noexcept
      : executor_(other.executor_), done_(std::exchange(other.done_, nullptr)) {}
  Answering& operator=(Answering&&) = delete;
  ~Answering() {
    if (done_ != nullptr) (*this)(Unavailable("the shard is being handed over"));
  }
  void operator()(absl::StatusOr<T> answer) {
    executor_->Post([done = std::exchange(done_, nullptr), answer = std::move(answer)]() mutable {
      std::move(done)(std::move(answer));
    });
  }

 private:
  Executor* executor_;
  server::Callback<T> done_;
};

}  // namespace

Part::Part(const PartWorld& world, Options options)
    : world_(world),
      options_(std::move(options)),
      executor_(std::make_unique<ManualExecutor>(world.time)),
      lease_session_(world.store.OpenLeaseSession(*executor_)),
      keeper_(std::make_unique<server::LeaseKeeper>(*executor_, *lease_session_, options_.node,
                                                    server::LeaseKeeper::Options(), world.metrics)),
      lease_(*keeper_),
      messages_(std::make_unique<server::LocalMessages>(*executor_, world.all_history, &world.copies)) {}

Part::~Part() {
  if (executor_ != nullptr) End();
}

void Part::Seek(const std::function<void()>& owned) {
  keeper_->Watch([this, owned] {
    if (host_ != nullptr) host_->OnLease();
    if (lease_.Held(executor_->Monotonic())) owned();
  });
  executor_->Post([this, owned] {
    keeper_->Start(
        [this, owned] {
          TakeUp();
          owned();
        },
        [](const auto& /*other*/) { PERDURE_CHECK(false, "no other node has its name or its writers"); });
  });
}

void Part::TakeUp() {
  host_ = std::make_unique<server::HistoryHost>(
      server::HistoryHost::World{*executor_, world_.store, world_.namespaces, lease_, world_.metrics,
                                 world_.kinds, *messages_, world_.message_clock},
      writer(), ShardsOf(options_.number), options_.history);
  host_->Begin(world_.sink, [] {});
}

void Part::GiveUp(absl::AnyInvocable<void() &&> done) {
  executor_->Post([this, done = std::move(done)]() mutable {
    if (host_ == nullptr) return keeper_->GiveUp(std::move(done));
    host_->Stop([this, done = std::move(done)]() mutable { keeper_->GiveUp(std::move(done)); });
  });
}

void Part::TellAnew() {
  lease_.TellAnew();
  executor_->Post([this] {
    if (host_ != nullptr) host_->OnLease();
  });
}

std::unique_ptr<ManualExecutor> Part::End() {
  executor_->DropEverything();
  host_.reset();
  keeper_.reset();
  lease_session_.reset();
  executor_->DropEverything();
  executor_->Pause();
  return std::move(executor_);
}

template <typename T, typename Call>
void PartsHistory::Post(size_t part, Callback<T> done, Call call) {
  Answering<T> answering(executor_, std::move(done));
  if (parts_.at(part) == nullptr || parts_.at(part)->host() == nullptr) return;  // which answers
  Part& here = *parts_.at(part);
  here.executor().Post(
      [&host = *here.host(), call = std::move(call), answering = std::move(answering)]() mutable {
        std::move(call)(host, Callback<T>(std::move(answering)));
      });
}

void PartsHistory::Start(const Uuid& namespace_id, KindNumber kind,
                         std::unique_ptr<engine::StartRequest> request, Callback<engine::ReplyPtr> done) {
  const size_t part = PartOf(namespace_id, request->id());
  Post(part, std::move(done),
       [namespace_id, kind, request = std::move(request)](server::HistoryHost& host,
                                                          Callback<engine::ReplyPtr> answer) mutable {
         host.Start(namespace_id, kind, std::move(request), std::move(answer));
       });
}

void PartsHistory::Execute(server::EntityRef run, engine::RequestPtr request,
                           Callback<engine::ReplyPtr> done) {
  const size_t part = PartOf(run.namespace_id, run.id);
  Post(part, std::move(done),
       [run = std::move(run), request = std::move(request)](server::HistoryHost& host,
                                                            Callback<engine::ReplyPtr> answer) mutable {
         host.Execute(run, std::move(request), std::move(answer));
       });
}

void PartsHistory::Read(server::EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  const size_t part = PartOf(run.namespace_id, run.id);
  Post(part, std::move(done),
       [run = std::move(run), request = std::move(request)](server::HistoryHost& host,
                                                            Callback<engine::ReplyPtr> answer) mutable {
         host.Read(run, std::move(request), std::move(answer));
       });
}

uint64_t PartsHistory::Ask(server::EntityRef run, engine::RequestPtr request, absl::Duration max_wait,
                           Callback<engine::ReplyPtr> done) {
  const size_t part = PartOf(run.namespace_id, run.id);
  const uint64_t id = NewWait(part);
  Post(part, std::move(done),
       [id, run = std::move(run), request = std::move(request), max_wait](
           server::HistoryHost& host, Callback<engine::ReplyPtr> answer) mutable {
         host.Ask(id, run, std::move(request), max_wait, server::Admission::Ticket(nullptr, 0),
                  std::move(answer));
       });
  return id;
}

uint64_t PartsHistory::WaitForEvents(server::EntityRef run, int64_t from_event_id, absl::Duration max_wait,
                                     Callback<server::RunPosition> done) {
  const size_t part = PartOf(run.namespace_id, run.id);
  const uint64_t id = NewWait(part);
  Post(part, std::move(done),
       [id, run = std::move(run), from_event_id, max_wait](server::HistoryHost& host,
                                                           Callback<server::RunPosition> answer) {
         host.WaitForEvents(id, run, from_event_id, max_wait, std::move(answer));
       });
  return id;
}

void PartsHistory::CancelWait(uint64_t wait) {
  Part* const part = parts_.at(wait % kParts).get();
  if (part == nullptr || part->host() == nullptr) return;
  part->executor().Post([&host = *part->host(), wait] { host.CancelWait(wait); });
}

void PartsHistory::ReadEvents(server::EventsQuery query, Callback<server::EventsPage> done) {
  const size_t part = PartOf(query.run.namespace_id, query.run.id);
  Post(part, std::move(done),
       [query = std::move(query)](server::HistoryHost& host, Callback<server::EventsPage> answer) {
         host.ReadEvents(query, std::move(answer));
       });
}

void PartsHistory::Deliver(perdure::engine::Delivery delivery,
                           Callback<perdure::engine::DeliveryAnswers> done) {
  const perdure::engine::Target& target = delivery.copies(0).message().target();
  const size_t part = PartOf(Uuid::FromBytes(target.namespace_id()).value_or(Uuid{}), target.id());
  Post(part, std::move(done),
       [delivery = std::move(delivery)](server::HistoryHost& host,
                                        Callback<perdure::engine::DeliveryAnswers> answer) mutable {
         host.Deliver(std::move(delivery), std::move(answer));
       });
}

server::HistoryHost* PartsHistory::OwnedBy(server::OwnerId owner) {
  for (const std::unique_ptr<Part>& part : parts_) {
    if (part != nullptr && part->writer() == owner.writer) return part->host();
  }
  return nullptr;
}

void PartsHistory::Declined(server::Task task) {
  if (server::HistoryHost* const host = OwnedBy(task.owner)) host->Declined(std::move(task));
}

void PartsHistory::HasRoom(server::OwnerId owner, const server::QueueKey& queue, size_t room) {
  if (server::HistoryHost* const host = OwnedBy(owner)) host->HasRoom(queue, room);
}

}  // namespace perdure::simulation
