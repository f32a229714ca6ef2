#include "server/history/node_history.h"

#include <atomic>
#include <utility>

#include "base/check.h"

namespace perdure::server {

namespace workflow = engine::workflow;

namespace {

using Importance = Admission::Importance;

template <typename... Visitors>
struct Overloads : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloads(Visitors...) -> Overloads<Visitors...>;

Importance ImportanceOf(const workflow::Request& request) {
  return std::visit(Overloads{
                        [](const workflow::ReturnActivityTask&) { return Importance::kAnswer; },
                        [](const workflow::CompleteWorkflowTask&) { return Importance::kAnswer; },
                        [](const workflow::FailWorkflowTask&) { return Importance::kAnswer; },
                        [](const workflow::CompleteActivity&) { return Importance::kAnswer; },
                        [](const workflow::FailActivity&) { return Importance::kAnswer; },
                        [](const workflow::CancelActivity&) { return Importance::kAnswer; },
                        [](const workflow::HeartbeatActivity&) { return Importance::kAnswer; },
                        [](const workflow::Terminate&) {
                          return Importance::kAnswer;
                        },  // an operator's way out of overload
                        [](const auto&) { return Importance::kCall; },
                    },
                    request);
}

// Bytes of what a client sent, for the bound on waiting bytes.
size_t BytesOf(const workflow::Request& request) {
  return std::visit(Overloads{
                        [](const workflow::StartWorkflowTask&) { return size_t{0}; },
                        [](const workflow::StartActivityTask&) { return size_t{0}; },
                        [](const workflow::ReturnActivityTask&) { return size_t{0}; },
                        [](const workflow::HardenWorkflowTaskStart&) { return size_t{0}; },
                        [](const workflow::ResetSticky&) { return size_t{0}; },
                        [](const workflow::FireTimers&) { return size_t{0}; },
                        [](const workflow::ReceiveMessage& r) { return r.message.ByteSizeLong(); },
                        [](const workflow::SettleMessages&) { return size_t{0}; },
                        [](const auto& r) { return r.request.ByteSizeLong(); },
                    },
                    request);
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
                         HistoryOptions options) {
  PERDURE_CHECK(!executors.empty(), "history needs an executor");
  std::vector<std::vector<ShardId>> shards(executors.size());
  for (ShardId shard = 0; shard < kShardCount; ++shard) shards[shard % executors.size()].push_back(shard);
  for (size_t i = 0; i < executors.size(); ++i) {
    hosts_.push_back(std::make_unique<HistoryHost>(
        HistoryHost::World{*executors[i], world.store, world.namespaces, world.lease, world.metrics},
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

size_t NodeHistory::PlaceOf(const Uuid& namespace_id, std::string_view workflow_id) const {
  return ShardOf(namespace_id, workflow_id) % hosts_.size();
}

HistoryHost& NodeHistory::HostOf(const Uuid& namespace_id, std::string_view workflow_id) const {
  return *hosts_[PlaceOf(namespace_id, workflow_id)];
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

void NodeHistory::Start(const Uuid& namespace_id, workflow::api::StartWorkflowExecutionRequest request,
                        Callback<workflow::StartReply> done) {
  HistoryHost& host = HostOf(namespace_id, request.workflow_id());
  const size_t bytes = request.ByteSizeLong();
  Post<workflow::StartReply>(host, Importance::kCall, bytes, std::move(done),
                             [namespace_id, request = std::move(request)](
                                 HistoryHost& h, Callback<workflow::StartReply> answer) mutable {
                               h.Start(namespace_id, std::move(request), std::move(answer));
                             });
}

void NodeHistory::Execute(RunRef run, workflow::Request request, Callback<workflow::Reply> done) {
  HistoryHost& host = HostOf(run.namespace_id, run.workflow_id);
  const Importance importance = ImportanceOf(request);
  const size_t bytes = BytesOf(request);
  Post<workflow::Reply>(host, importance, bytes, std::move(done),
                        [run = std::move(run), request = std::move(request)](
                            HistoryHost& h, Callback<workflow::Reply> answer) mutable {
                          h.Execute(run, std::move(request), std::move(answer));
                        });
}

void NodeHistory::Describe(RunRef run, Callback<workflow::api::DescribeWorkflowExecutionResponse> done) {
  using Response = workflow::api::DescribeWorkflowExecutionResponse;
  HistoryHost& host = HostOf(run.namespace_id, run.workflow_id);
  Post<Response>(host, Importance::kCall, 0, std::move(done),
                 [run = std::move(run)](HistoryHost& h, Callback<Response> answer) {
                   h.Describe(run, std::move(answer));
                 });
}

uint64_t NodeHistory::WaitForEvents(RunRef run, int64_t from_event_id, absl::Duration max_wait,
                                    Callback<RunPosition> done) {
  // Without a ticket: waiting is what it is for. The waiters have a bound of their own.
  const size_t place = PlaceOf(run.namespace_id, run.workflow_id);
  HistoryHost& host = *hosts_[place];
  // The id says where the wait is.
  const uint64_t id = next_wait_.fetch_add(1, std::memory_order_relaxed) * hosts_.size() + place;
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
  HistoryHost& host = HostOf(query.run.namespace_id, query.run.workflow_id);
  Post<EventsPage>(host, Importance::kCall, 0, std::move(done),
                   [query = std::move(query)](HistoryHost& h, Callback<EventsPage> answer) {
                     h.ReadEvents(query, std::move(answer));
                   });
}

}  // namespace perdure::server
