// The life of a HistoryHost: fencing, serving, dropping everything, stopping.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/log_fields.h"
#include "base/status.h"
#include "base/text.h"
#include "server/history/history_host.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(50);
constexpr absl::Duration kLongestBackoff = absl::Seconds(5);
// A wait that goes on is said again after so long.
constexpr absl::Duration kBetweenLines = absl::Minutes(1);

size_t LoadBytes(const HistoryOptions& options) {
  return std::clamp(options.resident_bytes / limits::kLoadsInResidentBytes, limits::kLeastLoadBytes,
                    limits::kLoadBytes);
}

}  // namespace

HistoryHost::HistoryHost(World world, uint32_t writer_id, std::vector<ShardId> shards, HistoryOptions options)
    : world_(world),
      writer_id_(writer_id),
      shards_(std::move(shards)),
      options_(options),
      metrics_(world.metrics, std::to_string(writer_id)),
      admission_(metrics_.executor_queue(), metrics_.executor_queue_bytes(), metrics_.refused_calls()),
      session_(world.store.OpenSession(world.executor)),
      cache_(options.resident_bytes),
      loader_(world.executor, *session_, *this, LoadBytes(options), options.load_keys),
      batcher_(world.executor, *session_, *this, world.metrics),
      retention_(batcher_, metrics_.removals()),
      keeper_(world.executor, OwnerId{writer_id},
              [this](const persistence::RunKey& key) {
                OnRing(key);
                loader_.Resume();
              }),
      horizon_(world.executor, *session_, *this, options.wakes, metrics_.wakes_behind(),
               metrics_.known_wakes()),
      waiters_(world.executor, metrics_.event_waiters(),
               [this](const persistence::RunKey& key, EventWaiters::Answer done) {
                 OnWaitOver(key, std::move(done));
               }),
      fence_backoff_(kFirstBackoff),
      names_(world.namespaces),
      outbox_(world.executor, world.message_clock, *this,
              MessageMetrics(world.metrics, std::to_string(writer_id))),
      arrivals_(world.executor, world.message_clock, *this, limits::kMessagesRemembered,
                MessageMetrics(world.metrics, std::to_string(writer_id)).not_acted_on) {
  for (const EntityKind& line : world.kinds.lines()) observers_.push_back(line.observe(world.metrics));
}

HistoryHost::~HistoryHost() = default;

absl::Status HistoryHost::Serving() {
  if (phase_ != Phase::kServing) {
    return Unavailable(phase_ == Phase::kStopping ? "the server is stopping"
                                                  : "the shard is being taken over");
  }
  const uint64_t hold = world_.lease.Hold(world_.executor.Monotonic());
  if (hold == 0) return Unavailable("the lease on the shards is not held");
  if (hold != hold_) {
    if (!std::exchange(anew_posted_, true)) world_.executor.Post([this] { OnLease(); });
    return Unavailable("the shard is being taken over");
  }
  if (in_doubt_) return Unavailable("the connection to the database was lost a moment ago");
  return absl::OkStatus();
}

void HistoryHost::Begin(TaskSink& sink, absl::AnyInvocable<void() &&> serving) {
  keeper_.Begin(sink);
  on_first_serving_ = std::move(serving);
  session_->OnDisconnect([this] { OnDisconnect(); });
  Fence();
}

void HistoryHost::OnLease() {
  anew_posted_ = false;
  switch (phase_) {
    case Phase::kNew:
    case Phase::kStopping:
      return;
    case Phase::kFencing:
      if (fence_timer_ == Executor::kNoTimer) return;  // it is under way
      world_.executor.Cancel(std::exchange(fence_timer_, Executor::kNoTimer));
      fence_backoff_ = kFirstBackoff;
      Fence();
      return;
    case Phase::kServing:
      break;
  }
  const uint64_t hold = world_.lease.Hold(world_.executor.Monotonic());
  if (hold != 0 && hold != hold_) {
    TakeUpAnew(Unavailable("the lease on the shards had a gap"));
  } else if (fence_timer_ != Executor::kNoTimer) {
    world_.executor.Cancel(std::exchange(fence_timer_, Executor::kNoTimer));
    AskWriter();
  }
}

void HistoryHost::TakeUpAnew(const absl::Status& why) {
  spdlog::warn("{}", WithFields("a writer takes its shards up anew", {{"writer", std::to_string(writer_id_)},
                                                                      {"because", StdView(why.message())}}));
  metrics_.OnFence();
  known_batch_ = batcher_.last_batch();
  phase_ = Phase::kFencing;
  world_.executor.Cancel(std::exchange(fence_timer_, Executor::kNoTimer));
  DropEverything(why);
  batcher_.WhenIdle([this] {
    if (phase_ == Phase::kFencing) Fence();
  });
}

void HistoryHost::OnDisconnect() {
  if (phase_ != Phase::kServing) return;  // the fence asks
  in_doubt_ = true;
  AskWriter();
}

void HistoryHost::AskWriter() {
  session_->AskWriter(writer_id_, [this, doubt = ++doubts_, landed = batcher_.last_batch()](
                                      const absl::StatusOr<persistence::FencedWriter>& row) {
    if (phase_ == Phase::kServing && doubt == doubts_) OnAsked(row, landed);
  });
}

void HistoryHost::OnAsked(const absl::StatusOr<persistence::FencedWriter>& row, uint64_t landed) {
  if (!row.ok()) {
    world_.executor.Cancel(fence_timer_);
    fence_timer_ = world_.executor.RunAfter(NextBackoff(), [this] {
      fence_timer_ = Executor::kNoTimer;
      if (phase_ == Phase::kServing) AskWriter();
    });
    return;
  }
  fence_backoff_ = kFirstBackoff;
  if (row->writer.epoch == batcher_.epoch() && row->last_batch >= landed) {
    in_doubt_ = false;
  } else {
    TakeUpAnew(Unavailable("the database is not as this writer left it"));
  }
}

void HistoryHost::Fence() {
  phase_ = Phase::kFencing;
  in_doubt_ = false;
  fencing_hold_ = world_.lease.Hold(world_.executor.Monotonic());
  if (fencing_hold_ == 0) {
    FenceLater(absl::UnavailableError("the lease is not held"));
    return;
  }
  session_->ActFor(world_.lease.Tenure());
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
  const absl::Duration now = world_.executor.Monotonic();
  if (now - fence_said_at_ >= kBetweenLines) {
    fence_said_at_ = now;
    // A store that does not answer is said in one place for all parts.
    const auto level = absl::IsUnavailable(why) ? spdlog::level::debug : spdlog::level::err;
    spdlog::log(level, "{}",
                WithFields("a writer is not fenced yet",
                           {{"writer", std::to_string(writer_id_)}, {"error", StdView(why.message())}}));
  }
  fence_timer_ = world_.executor.RunAfter(NextBackoff(), [this] {
    fence_timer_ = Executor::kNoTimer;
    Fence();
  });
}

absl::Duration HistoryHost::NextBackoff() {
  const absl::Duration wait = fence_backoff_;
  // Up to a fifth of jitter, so that executors of one node do not knock in step.
  const double jitter = 1.8 + 0.4 * world_.executor.random().Fraction();
  fence_backoff_ = std::min(fence_backoff_ * jitter, kLongestBackoff);
  return wait;
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
  if (world_.lease.Hold(world_.executor.Monotonic()) != fencing_hold_) {
    Fence();  // others may have had the shards since
    return;
  }
  hold_ = fencing_hold_;
  fence_said_at_ = -absl::InfiniteDuration();
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
  metrics_.OnServing(shards_.size());
  const std::optional<persistence::Tenure> tenure = world_.lease.Tenure();
  outbox_.Begin({writer_id_, tenure ? tenure->term : 0, fenced.writer.epoch}, world_.messages);
  arrivals_.Begin();
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
  if (!stopping) {
    phase_ = Phase::kFencing;
    world_.executor.Cancel(std::exchange(fence_timer_, Executor::kNoTimer));
  }
  DropEverything(Unavailable("the commit failed or its outcome is unknown"));
  if (!stopping) Fence();
}

void HistoryHost::DropEverything(const absl::Status& status) {
  quiet_.clear();
  refusals_.clear();
  const std::vector<CommitGroupPtr> groups = batcher_.Abandon();
  const std::vector<RunPtr> runs = cache_.RemoveAll();
  keeper_.ForgetAll();
  outbox_.ForgetAll();
  arrivals_.End();
  horizon_.Abandon();
  loader_.Abandon(status);
  AbandonSalvage();
  retention_.Abandon(status);
  for (const CommitGroupPtr& group : groups) {
    for (DurableCallback& done : std::exchange(group->waiting, {})) std::move(done)(status);
  }
  for (EventWaiters::Waiting& waiting : waiters_.TakeAll()) std::move(waiting.done)(status);
}

void HistoryHost::Stop(absl::AnyInvocable<void() &&> done) {
  for (EventWaiters::Waiting& waiting : waiters_.TakeAll()) OnWaitOver(waiting.run, std::move(waiting.done));
  phase_ = Phase::kStopping;
  metrics_.OnStop();
  world_.executor.Cancel(fence_timer_);
  world_.executor.Cancel(quiet_timer_);
  keeper_.ForgetAll();
  outbox_.ForgetAll();
  arrivals_.End();
  horizon_.Abandon();
  retention_.Abandon(Serving());
  batcher_.WhenIdle([this, done = std::move(done)]() mutable {
    loader_.Abandon(Serving());
    std::move(done)();
  });
}

}  // namespace perdure::server
