#include "server/history/node_history.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"

namespace perdure::server {

namespace {

using Importance = Admission::Importance;

Importance ImportanceOf(const engine::Request& request) {
  return request.IsAnswer() ? Importance::kAnswer : Importance::kCall;
}

// Calls `done` when it was called `count` times.
std::shared_ptr<absl::AnyInvocable<void()>> Countdown(size_t count, absl::AnyInvocable<void() &&> done) {
  auto left = std::make_shared<std::atomic<size_t>>(count);
  return std::make_shared<absl::AnyInvocable<void()>>([left, done = std::move(done)]() mutable {
    if (left->fetch_sub(1) == 1) std::move(done)();
  });
}

}  // namespace

NodeHistory::NodeHistory(World world, const std::vector<Executor*>& executors, uint32_t first_writer,
                         HistoryOptions options)
    : first_writer_(first_writer), message_clock_(*executors.at(0)) {
  std::vector<std::vector<ShardId>> shards(executors.size());
  for (ShardId shard = 0; shard < kShardCount; ++shard) shards[shard % executors.size()].push_back(shard);
  for (size_t i = 0; i < executors.size(); ++i) {
    messages_.push_back(std::make_unique<LocalMessages>(*executors[i], *this, world.carrier));
    hosts_.push_back(std::make_unique<HistoryHost>(
        HistoryHost::World{*executors[i], world.store, world.namespaces, world.lease, world.metrics,
                           world.kinds, *messages_.back(), message_clock_},
        first_writer + static_cast<uint32_t>(i), std::move(shards[i]), options));
  }
}

NodeHistory::~NodeHistory() = default;

void NodeHistory::Serve(TaskSink& sink, absl::AnyInvocable<void() &&> serving) {
  auto countdown = Countdown(hosts_.size(), std::move(serving));
  for (const auto& host : hosts_) {
    host->executor().Post(
        [&host = *host, &sink, countdown] { host.Begin(sink, [countdown] { (*countdown)(); }); });
  }
}

void NodeHistory::Stop(absl::AnyInvocable<void() &&> done) {
  auto countdown = Countdown(hosts_.size(), std::move(done));
  for (const auto& host : hosts_) {
    host->executor().Post([&host = *host, countdown] { host.Stop([countdown] { (*countdown)(); }); });
  }
}

void NodeHistory::OnLease() {
  for (const auto& host : hosts_) {
    host->executor().Post([&host = *host] { host.OnLease(); });
  }
}

void NodeHistory::CheckServing(absl::AnyInvocable<void(bool) &&> done) {
  auto all = std::make_shared<std::atomic<bool>>(true);
  auto countdown =
      Countdown(hosts_.size(), [all, done = std::move(done)]() mutable { std::move(done)(*all); });
  for (const auto& host : hosts_) {
    host->executor().Post([&host = *host, all, countdown] {
      if (!host.serving()) *all = false;
      (*countdown)();
    });
  }
}

size_t NodeHistory::PlaceOf(const Uuid& namespace_id, std::string_view id) const {
  return ShardOf(namespace_id, id) % hosts_.size();
}

HistoryHost& NodeHistory::HostOf(const Uuid& namespace_id, std::string_view id) const {
  return *hosts_[PlaceOf(namespace_id, id)];
}

HistoryHost* NodeHistory::HostOf(OwnerId owner) const {
  const bool here = owner.writer >= first_writer_ && owner.writer - first_writer_ < hosts_.size();
  return here ? hosts_[owner.writer - first_writer_].get() : nullptr;
}

void NodeHistory::Declined(Task task) {
  HistoryHost* const host = HostOf(task.owner);
  if (host != nullptr) host->Declined(std::move(task));
}

void NodeHistory::HasRoom(OwnerId owner, const QueueKey& queue, size_t room) {
  HistoryHost* const host = HostOf(owner);
  if (host != nullptr) host->HasRoom(queue, room);
}

template <typename T, typename Call>
void NodeHistory::Post(HistoryHost& host, Importance importance, size_t bytes, Callback<T> done, Call call) {
  absl::StatusOr<Admission::Ticket> ticket = host.admission().Admit(importance, bytes);
  if (!ticket.ok()) {
    host.executor().Post(
        [status = ticket.status(), done = std::move(done)]() mutable { std::move(done)(status); });
    return;
  }
  host.executor().Post(
      [&host, call = std::move(call), ticket = *std::move(ticket), done = std::move(done)]() mutable {
        std::move(call)(host, [ticket = std::move(ticket), done = std::move(done)](
                                  absl::StatusOr<T> answer) mutable { std::move(done)(std::move(answer)); });
      });
}

void NodeHistory::Start(const Uuid& namespace_id, KindNumber kind,
                        std::unique_ptr<engine::StartRequest> request, Callback<engine::ReplyPtr> done) {
  HistoryHost& host = HostOf(namespace_id, request->id());
  const size_t bytes = request->Bytes();
  Post<engine::ReplyPtr>(host, Importance::kCall, bytes, std::move(done),
                         [namespace_id, kind, request = std::move(request)](
                             HistoryHost& h, Callback<engine::ReplyPtr> answer) mutable {
                           h.Start(namespace_id, kind, std::move(request), std::move(answer));
                         });
}

void NodeHistory::Execute(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  HistoryHost& host = HostOf(run.namespace_id, run.id);
  const Importance importance = ImportanceOf(*request);
  const size_t bytes = request->Bytes();
  Post<engine::ReplyPtr>(host, importance, bytes, std::move(done),
                         [run = std::move(run), request = std::move(request)](
                             HistoryHost& h, Callback<engine::ReplyPtr> answer) mutable {
                           h.Execute(run, std::move(request), std::move(answer));
                         });
}

uint64_t NodeHistory::Ask(EntityRef run, engine::RequestPtr request, absl::Duration max_wait,
                          Callback<engine::ReplyPtr> done) {
  const size_t place = PlaceOf(run.namespace_id, run.id);
  HistoryHost& host = *hosts_[place];
  const uint64_t id = NewWait(place);
  // Once it waits it has no ticket any more.
  absl::StatusOr<Admission::Ticket> ticket = host.admission().Admit(ImportanceOf(*request), request->Bytes());
  host.executor().Post([&host, id, run = std::move(run), request = std::move(request), max_wait,
                        ticket = std::move(ticket), done = std::move(done)]() mutable {
    if (!ticket.ok()) return std::move(done)(ticket.status());
    host.Ask(id, run, std::move(request), max_wait, *std::move(ticket), std::move(done));
  });
  return id;
}

void NodeHistory::Read(EntityRef run, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  HistoryHost& host = HostOf(run.namespace_id, run.id);
  Post<engine::ReplyPtr>(host, Importance::kCall, 0, std::move(done),
                         [run = std::move(run), request = std::move(request)](
                             HistoryHost& h, Callback<engine::ReplyPtr> answer) mutable {
                           h.Read(run, std::move(request), std::move(answer));
                         });
}

uint64_t NodeHistory::WaitForEvents(EntityRef run, int64_t from_event_id, absl::Duration max_wait,
                                    Callback<RunPosition> done) {
  // Without a ticket: waiting is what it is for. The waiters have a bound of their own.
  const size_t place = PlaceOf(run.namespace_id, run.id);
  HistoryHost& host = *hosts_[place];
  const uint64_t id = NewWait(place);
  host.executor().Post(
      [&host, id, run = std::move(run), from_event_id, max_wait, done = std::move(done)]() mutable {
        host.WaitForEvents(id, run, from_event_id, max_wait, std::move(done));
      });
  return id;
}

void NodeHistory::CancelWait(uint64_t wait) {
  HistoryHost& host = *hosts_[wait % hosts_.size()];
  host.executor().Post([&host, wait] { host.CancelWait(wait); });
}

void NodeHistory::ReadEvents(EventsQuery query, Callback<EventsPage> done) {
  HistoryHost& host = HostOf(query.run.namespace_id, query.run.id);
  Post<EventsPage>(host, Importance::kCall, 0, std::move(done),
                   [query = std::move(query)](HistoryHost& h, Callback<EventsPage> answer) {
                     h.ReadEvents(query, std::move(answer));
                   });
}

void NodeHistory::Deliver(perdure::engine::Delivery delivery,
                          Callback<perdure::engine::DeliveryAnswers> done) {
  using perdure::engine::DeliveryAnswers;
  Uuid namespace_id;
  std::string id;
  if (!delivery.copies().empty()) {
    const perdure::engine::Target& target = delivery.copies(0).message().target();
    // The host that is asked refuses a target that is malformed.
    namespace_id = Uuid::FromBytes(target.namespace_id()).value_or(Uuid{});
    id = target.id();
  }
  HistoryHost& host = HostOf(namespace_id, id);
  const size_t bytes = delivery.ByteSizeLong();
  Post<DeliveryAnswers>(
      host, Importance::kMessage, bytes, std::move(done),
      [delivery = std::move(delivery)](HistoryHost& h, Callback<DeliveryAnswers> answer) mutable {
        h.Deliver(std::move(delivery), std::move(answer));
      });
}

}  // namespace perdure::server
