// The life of a HistoryHost: fencing, serving, dropping everything, stopping.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "server/history/history_host.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(50);
constexpr absl::Duration kLongestBackoff = absl::Seconds(5);

}  // namespace

HistoryHost::HistoryHost(World world, uint32_t writer_id, std::vector<ShardId> shards, HistoryOptions options)
    : world_(world),
      writer_id_(writer_id),
      shards_(std::move(shards)),
      options_(options),
      session_(world.store.OpenSession(world.executor)),
      metrics_(world.metrics, std::to_string(writer_id)),
      admission_(metrics_.executor_queue(), metrics_.refused_calls()),
      cache_(options.resident_bytes),
      loader_(*session_, [this](persistence::StoredRun stored) { return Admit(std::move(stored)); }),
      batcher_(world.executor, *session_, *this, world.metrics),
      keeper_(world.executor, *this, [this](const persistence::RunKey& key) { OnRing(key); }),
      horizon_(world.executor, *session_, *this, metrics_.wakes_behind()),
      waiters_(world.executor, [this](const persistence::RunKey& key,
                                      EventWaiters::Answer done) { OnWaitOver(key, std::move(done)); }),
      fence_backoff_(kFirstBackoff) {}

HistoryHost::~HistoryHost() = default;

absl::Status HistoryHost::Serving() const {
  if (phase_ == Phase::kServing) {
    if (world_.lease.Held(world_.executor.Monotonic())) return absl::OkStatus();
    return Unavailable("the lease on the shards is not held");
  }
  return Unavailable(phase_ == Phase::kStopping ? "the server is stopping" : "the shard is being taken over");
}

void HistoryHost::Begin(TaskSink& sink, absl::AnyInvocable<void() &&> serving) {
  keeper_.Begin(sink);
  on_first_serving_ = std::move(serving);
  Fence();
}

void HistoryHost::Fence() {
  phase_ = Phase::kFencing;
  if (!world_.lease.Held(world_.executor.Monotonic())) {
    FenceLater(absl::UnavailableError("the lease is not held"));
    return;
  }
  session_->Fence(writer_id_, [this](absl::StatusOr<persistence::FencedWriter> fenced) {
    if (phase_ != Phase::kFencing) return;
    if (fenced.ok()) {
      OnFenced(*fenced);
    } else {
      FenceLater(fenced.status());
    }
  });
}

void HistoryHost::FenceLater(const absl::Status& why) {
  spdlog::info("writer {} is not fenced yet: {}", writer_id_, std::string(why.message()));
  fence_timer_ = world_.executor.RunAfter(fence_backoff_, [this] { Fence(); });
  // Up to a fifth of jitter, so that executors of one node do not knock in step.
  const double jitter = 1.8 + 0.4 * world_.executor.random().Fraction();
  fence_backoff_ = std::min(fence_backoff_ * jitter, kLongestBackoff);
}

void HistoryHost::OnFenced(const persistence::FencedWriter& fenced) {
  session_->TakeShards(fenced.writer, shards_, [this, fenced](const absl::StatusOr<bool>& taken) {
    if (phase_ != Phase::kFencing) return;
    if (taken.ok()) {
      Serve(fenced);
    } else {
      FenceLater(taken.status());
    }
  });
}

void HistoryHost::Serve(const persistence::FencedWriter& fenced) {
  if (unknown_batch_ != 0) {
    spdlog::warn("batch {} of writer {}, of unknown outcome, {}", unknown_batch_, writer_id_,
                 fenced.last_batch >= unknown_batch_ ? "had landed" : "never landed");
  }
  if (fenced.last_batch < known_batch_) {
    spdlog::error("the store forgot batches {} to {} of writer {}: a failover to a lagging standby?",
                  fenced.last_batch + 1, known_batch_, writer_id_);
  }
  known_batch_ = fenced.last_batch;
  unknown_batch_ = 0;
  fence_backoff_ = kFirstBackoff;
  batcher_.Begin(fenced.writer, fenced.last_batch);
  phase_ = Phase::kServing;
  horizon_.Begin(writer_id_);
  if (on_first_serving_) std::exchange(on_first_serving_, nullptr)();
}

void HistoryHost::Lost(const persistence::CommitResult& result, uint64_t batch) {
  known_batch_ = batcher_.last_batch();
  switch (result.outcome) {
    case persistence::CommitOutcome::kUnknown:
      unknown_batch_ = batch;
      spdlog::warn("the outcome of batch {} of writer {} is unknown: {}", batch, writer_id_, result.message);
      break;
    case persistence::CommitOutcome::kFenced:
      spdlog::warn("writer {} was fenced: {}", writer_id_, result.message);
      break;
    case persistence::CommitOutcome::kFailed:
      spdlog::warn("batch {} of writer {} failed: {}", batch, writer_id_, result.message);
      break;
    case persistence::CommitOutcome::kCommitted:
    case persistence::CommitOutcome::kRefused:
      PERDURE_CHECK(false, "the batcher handles what landed or was refused");
  }
  metrics_.OnFence();
  const bool stopping = phase_ == Phase::kStopping;
  if (!stopping) phase_ = Phase::kFencing;
  DropEverything(Unavailable("the commit failed or its outcome is unknown"));
  if (!stopping) Fence();
}

void HistoryHost::DropEverything(const absl::Status& status) {
  quiet_.clear();
  refusals_.clear();
  const std::vector<CommitGroupPtr> groups = batcher_.Abandon();
  const std::vector<RunPtr> runs = cache_.RemoveAll();
  keeper_.ForgetAll();
  horizon_.Abandon();
  loader_.Abandon(status);
  for (const CommitGroupPtr& group : groups) {
    for (DurableCallback& done : std::exchange(group->waiting, {})) std::move(done)(status);
  }
  for (EventWaiters::Waiting& waiting : waiters_.TakeAll()) std::move(waiting.done)(status);
}

void HistoryHost::Stop(absl::AnyInvocable<void() &&> done) {
  for (EventWaiters::Waiting& waiting : waiters_.TakeAll()) OnWaitOver(waiting.run, std::move(waiting.done));
  phase_ = Phase::kStopping;
  world_.executor.Cancel(fence_timer_);
  world_.executor.Cancel(quiet_timer_);
  keeper_.ForgetAll();
  horizon_.Abandon();
  batcher_.WhenIdle([this, done = std::move(done)]() mutable {
    loader_.Abandon(Serving());
    std::move(done)();
  });
}

}  // namespace perdure::server
