#include "server/cli/node.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/event_loop.h"
#include "base/limits.h"
#include "base/notification.h"
#include "base/text.h"
#include "base/wall_clock.h"
#include "server/auth/cluster_secret.h"
#include "server/auth/tls_credentials.h"
#include "server/calls/calls_as_bytes.h"
#include "server/cli/await.h"
#include "server/cli/node_health.h"
#include "server/cli/patience.h"
#include "server/cli/process_limits.h"
#include "server/cli/server_kinds.h"
#include "server/cli/store_reporter.h"
#include "server/cluster/lease.h"
#include "server/cluster/stored_namespaces.h"
#include "server/frontend/call_log.h"
#include "server/frontend/call_metrics.h"
#include "server/frontend/grpc_server.h"
#include "server/frontend/method_table.h"
#include "server/frontend/namespaces.h"
#include "server/history/namespace_emptier.h"
#include "server/history/node_history.h"
#include "server/http/metrics_http.h"
#include "server/matching/node_matching.h"
#include "server/metrics/process_memory.h"
#include "server/metrics/prometheus_metrics.h"
#include "server/visibility/stored_visibility.h"
#include "server/wire/wire_server.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

// The version of the real server that this one behaves like, as clients are told.
constexpr char kApiServerVersion[] = "1.32.0";
// What history and the lease may take once the calls are answered.
constexpr absl::Duration kLastSteps = absl::Seconds(2);
// The pause between a failed reading of the namespaces and the next.
constexpr absl::Duration kBetweenLoads = absl::Milliseconds(500);

using Loops = std::vector<std::unique_ptr<EventLoop>>;

// gRPC and the database take the other half of the cores, and an executor more is a smaller commit for each;
// SQLite writes one commit at a time (docs/decisions/0009-an-executor-for-two-cores.md).
size_t HistoryExecutors(const NodeOptions& options) {
  if (options.history_executors != 0) return options.history_executors;
  if (std::holds_alternative<SqliteChoice>(options.store)) return 1;
  return std::max(1U, std::thread::hardware_concurrency() / 2);
}

// Reading calls takes about as much of a processor as running them.
size_t WireLoops() { return std::max(1U, std::thread::hardware_concurrency() / 2); }

Loops MakeHistoryLoops(size_t count) {
  Loops loops;
  for (size_t i = 0; i < count; ++i)
    loops.push_back(std::make_unique<EventLoop>(fmt::format("history-{}", i)));
  return loops;
}

std::vector<Executor*> Executors(const Loops& loops) {
  std::vector<Executor*> executors;
  for (const auto& loop : loops) executors.push_back(loop.get());
  return executors;
}

}  // namespace

// Members stand in the order in which they are made; the destructor stops the loops first, then they go in
// reverse.
class Node::Impl {
 public:
  explicit Impl(NodeOptions options)
      : options_(std::move(options)),
        metrics_(WallClock),
        store_reporter_(metrics_, shutdown_loop_),
        call_metrics_(methods_, metrics_),
        ids_(NewSystemRandom()),
        history_loops_(MakeHistoryLoops(HistoryExecutors(options_))) {
    // A loop beside a single one of history's would only be woken twice for each task
    // (docs/decisions/0014-matching-beside-one-executor.md).
    if (history_loops_.size() > 1) matching_loop_ = std::make_unique<EventLoop>("matching");
    metrics_.counter("restarts", {}).Add();
    ShowProcessMemory(metrics_);
  }
  ~Impl() {
    health_.Stop();
    // Calls in flight must be answered before what answers them goes.
    if (grpc_ != nullptr && !drained_) Drain(absl::ZeroDuration());
    StopLoops();
  }

  absl::Status Start() {
    const TlsFiles& tls = options_.tls;
    if (!tls.certificate.empty() || !tls.key.empty() || !tls.client_ca.empty()) {
      auto source = TlsSource::Open(tls, WallClock);
      if (!source.ok()) return source.status();
      tls_ = *std::move(source);
      TlsSource::ShowExpiry(tls_, metrics_);
    }
    absl::Status status = StartHealth();
    if (!status.ok()) return status;
    auto store = WhenItAnswers("the store is being opened",
                               [&] { return OpenStore(options_.store, store_reporter_); });
    if (!store.ok()) return store.status();
    store_reporter_.OnReach("");
    store_ = *std::move(store);
    session_ = store_->OpenSession(cluster_loop_);
    status = StartCluster();
    if (!status.ok()) return status;
    StartHistory();
    status = MakeNamespaces();
    if (!status.ok()) return status;
    status = Listen();
    if (status.ok()) {
      health_.SetStarted(*lease_, *history_, *grpc_, options_.ip, tls_ != nullptr);
    }
    return status;
  }

  bool Drain(absl::Duration grace) {
    drained_ = true;
    health_.Stop();
    grpc_->SetHealthy(false);
    matching_->Drain();
    frontend_->parked.Drain();
    // On a thread of its own: it ends when the last call is answered, which may need that the loops drop
    // their tasks.
    auto answered = std::make_shared<Notification>();
    shutdown_loop_.Post([this, grace, answered] {
      grpc_->Shutdown(grace);
      answered->Notify();
    });
    answered->WaitForNotificationWithTimeout(grace + absl::Seconds(1));
    LastSteps();
    StopLoops();
    return answered->WaitForNotificationWithTimeout(kLastSteps);
  }

  int port() const { return grpc_->port(); }
  std::optional<int> metrics_port() const {
    return metrics_http_ == nullptr ? std::nullopt : std::optional(metrics_http_->port());
  }
  std::optional<int> health_port() const { return health_.port(); }

 private:
  EventLoop& MatchingLoop() { return matching_loop_ == nullptr ? *history_loops_.front() : *matching_loop_; }

  absl::Status StartHealth() {
    for (size_t i = 0; i < history_loops_.size(); ++i) {
      health_.Watch(fmt::format("history-{}", i), *history_loops_[i]);
    }
    health_.Watch("matching", MatchingLoop());
    health_.Watch("cluster", cluster_loop_);
    health_.Begin();
    if (!options_.health_port) return absl::OkStatus();
    return health_.Listen(options_.health_ip, *options_.health_port, limits_seen_);
  }

  // A database that does not answer is waited for, live and not ready: ending would help nobody, and a
  // process that ends again and again is started more and more seldom.
  template <typename Attempt>
  auto WhenItAnswers(const std::string& step, Attempt attempt) -> decltype(attempt()) {
    health_.SetStarting(step);
    if (IsExclusive(options_.store)) return attempt();
    return UntilAvailable(attempt, [&](const absl::Status& status) {
      health_.SetStarting(step + ": the database does not answer");
      store_reporter_.OnReach(StdView(status.message()));
    });
  }

  // The cluster's id and namespaces are known, and the lease is ours.
  absl::Status StartCluster() {
    const auto seed = WhenItAnswers("the cluster's id is being read", [this] {
      return Await<Uuid>([this](auto done) {
        cluster_loop_.Post([this, done = std::move(done)]() mutable {
          session_->ClusterId(Uuid::Mint(*NewSystemRandom()), std::move(done));
        });
      });
    });
    if (!seed.ok()) return seed.status();
    tokens_ = std::make_unique<TokenSealer>(TokenKey(*seed, options_.token_secret));
    cluster_id_ = PublicClusterId(*seed);
    health_.SetStarting("waiting for the lease on the shards");
    lease_session_ = store_->OpenSession(cluster_loop_);
    LeaseKeeper::Options lease;
    lease.exclusive = IsExclusive(options_.store);
    lease_ = std::make_unique<LeaseKeeper>(cluster_loop_, *lease_session_, OwnRow(), lease, metrics_);
    const auto held = Await<bool>([&](auto done) {
      cluster_loop_.Post([this, done = std::move(done)]() mutable {
        lease_->Start([done = std::move(done)]() mutable { std::move(done)(true); },
                      [this](const LeaseKeeper::Other& other) {
                        if (options_.on_name_taken) options_.on_name_taken(other);
                      });
      });
    });
    if (!held.ok()) return held.status();
    // Not before: whoever had the shards until now may have made some.
    namespaces_ = std::make_unique<StoredNamespaces>(*session_, cluster_loop_, options_.search_attributes,
                                                     NamespaceRoom{}, options_.namespace_defaults);
    const auto loaded = WhenItAnswers("the namespaces are being read", [this] {
      return Await<bool>([this](auto done) { namespaces_->Load(std::move(done)); });
    });
    if (!loaded.ok()) return loaded.status();
    const size_t lists = ListConnections(options_.store);
    visibility_ = std::make_unique<StoredVisibility>(
        *session_, cluster_loop_, *namespaces_, metrics_,
        ListTurns::Options{.running = lists, .running_of_one = std::max<size_t>(1, lists / 2)});
    return absl::OkStatus();
  }

  persistence::NodeRow OwnRow() {
    persistence::NodeRow row;
    row.incarnation = ids_.Mint();
    row.name = options_.name.empty() ? row.incarnation.ToString() : options_.name;
    std::array<char, 256> host{};
    if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
    row.address = fmt::format("{}:{} on {}, process {}", options_.ip, options_.port, host.data(), getpid());
    return row;
  }

  // On the cluster's loop: what another node may have changed is read again, then the shards are taken up.
  void OnLeaseNews() {
    namespaces_->Load([this](const absl::StatusOr<bool>& loaded) {
      if (loaded.ok()) return history_->OnLease();
      cluster_loop_.RunAfter(kBetweenLoads, [this] { OnLeaseNews(); });
    });
  }

  void StartHistory() {
    health_.SetStarting("shards are being taken up");
    if (options_.calls_as_bytes) history_as_bytes_ = std::make_unique<HistoryAsBytes>(cluster_loop_, kinds_);
    history_ =
        std::make_unique<NodeHistory>(NodeHistory::World{.store = *store_,
                                                         .namespaces = *namespaces_,
                                                         .lease = *lease_,
                                                         .metrics = metrics_,
                                                         .kinds = kinds_,
                                                         .carrier = history_as_bytes_.get()},
                                      Executors(history_loops_), lease_->FirstWriter(), options_.history);
    if (history_as_bytes_ != nullptr) history_as_bytes_->Reach(*history_);
    matching_ = std::make_unique<NodeMatching>(MatchingLoop(), CalledHistory(), *namespaces_, metrics_);
    if (options_.calls_as_bytes) {
      matching_as_bytes_ = std::make_unique<MatchingAsBytes>(cluster_loop_, *matching_);
    }
    Notification serving;
    history_->Serve(CalledMatching(), [&] { serving.Notify(); });
    cluster_loop_.Post([this] { lease_->Watch([this] { OnLeaseNews(); }); });
    serving.WaitForNotification();
    emptier_ = std::make_unique<NamespaceEmptier>(NamespaceEmptier::World{.executor = cluster_loop_,
                                                                          .session = *session_,
                                                                          .namespaces = *namespaces_,
                                                                          .history = CalledHistory(),
                                                                          .kinds = kinds_,
                                                                          .metrics = metrics_},
                                                  NamespaceEmptier::Options{});
    cluster_loop_.Post([this] { emptier_->Start(); });
  }

  // What the other parts call.
  History& CalledHistory() {
    return history_as_bytes_ == nullptr ? static_cast<History&>(*history_) : history_as_bytes_->remote();
  }
  Matching& CalledMatching() {
    return matching_as_bytes_ == nullptr ? static_cast<Matching&>(*matching_) : matching_as_bytes_->remote();
  }

  absl::Status MakeNamespaces() {
    for (const std::string& name : options_.namespaces) {
      if (namespaces_->ByName(name).ok()) continue;
      google::protobuf::Duration retention;
      retention.set_seconds(absl::ToInt64Seconds(options_.namespace_retention));
      NamespaceRecord record = NewNamespaceRecord(name, options_.cluster_name, retention);
      record.mutable_replication_config()->clear_state();
      const auto made = WhenItAnswers("namespaces are being made", [&] {
        return Await<NamespacePtr>([&](auto done) { namespaces_->Register(record, std::move(done)); });
      });
      if (!made.ok() && !absl::IsAlreadyExists(made.status())) return made.status();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<ApiServer>> ListenForCalls() {
    switch (options_.wire) {
      case Wire::kGrpc:
        return GrpcServer::Listen(options_.ip, options_.port, methods_, *frontend_, call_log_,
                                  tls_ == nullptr ? nullptr : TlsServerCredentials(tls_),
                                  options_.connection_times);
      case Wire::kNghttp2:
        return WireServer::Listen({.ip = options_.ip,
                                   .port = options_.port,
                                   .tls = tls_,
                                   .loops = WireLoops(),
                                   .connections = std::min(limits::kWireConnections, DescriptorsForClients()),
                                   .times = options_.connection_times},
                                  methods_, *frontend_, call_log_, limits_seen_, metrics_);
    }
    PERDURE_CHECK(false, "no such wire");
  }

  absl::Status Listen() {
    frontend_.reset(new Frontend{.history = CalledHistory(),  // NOLINT(modernize-make-unique): an aggregate
                                 .matching = CalledMatching(),
                                 .namespaces = *namespaces_,
                                 .visibility = *visibility_,
                                 .workers = workers_,
                                 .tokens = *tokens_,
                                 .executor = cluster_loop_,
                                 .ids = ids_,
                                 .info = {.version = kApiServerVersion,
                                          .cluster_id = cluster_id_.ToString(),
                                          .cluster_name = options_.cluster_name,
                                          .store = StoreName(options_.store),
                                          .address = fmt::format("{}:{}", options_.ip, options_.port)},
                                 .search_attributes = options_.search_attributes,
                                 .settings = options_.frontend});
    spdlog::info("{}", frontend_->authorizer->Description());
    auto grpc = ListenForCalls();
    if (!grpc.ok()) return grpc.status();
    grpc_ = *std::move(grpc);
    if (!options_.metrics_port) return absl::OkStatus();
    auto http = ListenForMetrics(options_.metrics_ip, *options_.metrics_port, metrics_, limits_seen_);
    if (!http.ok()) return http.status();
    metrics_http_ = *std::move(http);
    return absl::OkStatus();
  }

  // What was decided becomes durable, then the lease is free for the next.
  void LastSteps() {
    cluster_loop_.Post([this] { emptier_->Stop(); });
    auto stopped = std::make_shared<Notification>();
    history_->Stop([stopped] { stopped->Notify(); });
    stopped->WaitForNotificationWithTimeout(kLastSteps);
    auto given_up = std::make_shared<Notification>();
    cluster_loop_.Post([this, given_up] { lease_->GiveUp([given_up] { given_up->Notify(); }); });
    given_up->WaitForNotificationWithTimeout(kLastSteps);
  }

  void StopLoops() {
    if (matching_loop_ != nullptr) matching_loop_->Stop();
    for (const auto& loop : history_loops_) loop->Stop();
    cluster_loop_.Stop();
  }

  const NodeOptions options_;
  bool drained_ = false;
  PrometheusMetrics metrics_;
  EventLoop shutdown_loop_{"shutdown"};
  StoreReporter store_reporter_;
  const MethodTable methods_;
  CallMetrics call_metrics_;
  CallLog call_log_{call_metrics_};
  IdMinter ids_;
  std::shared_ptr<TlsSource> tls_;  // null: plain text
  std::unique_ptr<persistence::Store> store_;

  Loops history_loops_;
  std::unique_ptr<EventLoop> matching_loop_;  // null: matching is on history's
  EventLoop cluster_loop_{"cluster"};         // namespaces, lease, lists
  LimitsSeen limits_seen_{metrics_, cluster_loop_};
  NodeHealth health_;

  std::unique_ptr<persistence::Session> session_;
  std::unique_ptr<TokenSealer> tokens_;
  Uuid cluster_id_;
  std::unique_ptr<StoredNamespaces> namespaces_;
  std::unique_ptr<StoredVisibility> visibility_;
  WorkerRegistry workers_;
  std::unique_ptr<persistence::Session> lease_session_;
  std::unique_ptr<LeaseKeeper> lease_;
  // Every kind of entity that this server knows.
  const EntityKinds kinds_ = ServerKinds();
  // Null: calls pass as they are.
  std::unique_ptr<HistoryAsBytes> history_as_bytes_;
  std::unique_ptr<MatchingAsBytes> matching_as_bytes_;
  std::unique_ptr<NodeHistory> history_;
  std::unique_ptr<NodeMatching> matching_;
  std::unique_ptr<NamespaceEmptier> emptier_;
  std::unique_ptr<Frontend> frontend_;
  std::unique_ptr<ApiServer> grpc_;
  std::unique_ptr<HttpServer> metrics_http_;
};

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;

absl::StatusOr<std::unique_ptr<Node>> Node::Start(NodeOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  absl::Status status = impl->Start();
  if (!status.ok()) return status;
  return std::unique_ptr<Node>(new Node(std::move(impl)));
}

int Node::port() const { return impl_->port(); }
std::optional<int> Node::metrics_port() const { return impl_->metrics_port(); }
std::optional<int> Node::health_port() const { return impl_->health_port(); }
bool Node::Drain(absl::Duration grace) { return impl_->Drain(grace); }

}  // namespace perdure::server
