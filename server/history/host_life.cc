// The life of a HistoryHost: fencing, serving, dropping everything, stopping.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log_fields.h"
#include "base/status.h"
#include "base/text.h"
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
      admission_(metrics_.executor_queue(), metrics_.executor_queue_bytes(), metrics_.refused_calls()),
      cache_(options.resident_bytes),
      loader_(world.executor, *session_,
              [this](persistence::StoredRun stored) { return Admit(std::move(stored)); }),
      batcher_(world.executor, *session_, *this, world.metrics),
      keeper_(world.executor, *this, [this](const persistence::RunKey& key) { OnRing(key); }),
      horizon_(world.executor, *session_, *this, metrics_.wakes_behind(), metrics_.known_wakes()),
      waiters_(world.executor, metrics_.event_waiters(),
               [this](const persistence::RunKey& key, EventWaiters::Answer done) {
                 OnWaitOver(key, std::move(done));
               }),
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
  // A store that does not answer is said in one place for all parts.
  const auto level = absl::IsUnavailable(why) ? spdlog::level::debug : spdlog::level::err;
  spdlog::log(level, "{}",
              WithFields("a writer is not fenced yet",
                         {{"writer", std::to_string(writer_id_)}, {"error", StdView(why.message())}}));
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
    const bool landed = fenced.last_batch >= unknown_batch_;
    spdlog::warn("{}", WithFields(landed ? "a batch of unknown outcome had landed"
                                         : "a batch of unknown outcome never landed",
                                  {{"writer", std::to_string(writer_id_)},
                                   {"batch", std::to_string(unknown_batch_)}}));
  }
  if (fenced.last_batch < known_batch_) {
    spdlog::error("{}", WithFields("the store forgot batches: a failover to a lagging standby?",
                                   {{"writer", std::to_string(writer_id_)},
                                    {"first_batch", std::to_string(fenced.last_batch + 1)},
                                    {"last_batch", std::to_string(known_batch_)}}));
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
  const auto say = [&](std::string_view message) {
    spdlog::warn("{}", WithFields(message, {{"writer", std::to_string(writer_id_)},
                                            {"batch", std::to_string(batch)},
                                            {"error", result.message}}));
  };
  switch (result.outcome) {
    case persistence::CommitOutcome::kUnknown:
      unknown_batch_ = batch;
      say("the outcome of a batch is unknown");
      break;
    case persistence::CommitOutcome::kFenced:
      say("a writer was fenced");
      break;
    case persistence::CommitOutcome::kFailed:
      say("a batch failed");
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
