#include "server/history/host/life.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/log_fields.h"
#include "base/status.h"
#include "base/text.h"
#include "server/history/batcher.h"
#include "server/history/host_metrics.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(50);
constexpr absl::Duration kLongestBackoff = absl::Seconds(5);
// A wait that goes on is said again after so long.
constexpr absl::Duration kBetweenLines = absl::Minutes(1);

}  // namespace

HostLife::HostLife(const HostParts& parts, Host& host, uint32_t writer_id, std::vector<ShardId> shards)
    : parts_(parts),
      host_(host),
      writer_id_(writer_id),
      shards_(std::move(shards)),
      fence_backoff_(kFirstBackoff) {}

absl::Status HostLife::Serving() {
  if (phase_ != Phase::kServing) {
    return Unavailable(phase_ == Phase::kStopping ? "the server is stopping"
                                                  : "the shard is being taken over");
  }
  const uint64_t hold = parts_.world.lease.Hold(parts_.world.executor.Monotonic());
  if (hold == 0) return Unavailable("the lease on the shards is not held");
  if (hold != hold_) {
    if (!std::exchange(anew_posted_, true)) parts_.world.executor.Post([this] { OnLease(); });
    return Unavailable("the shard is being taken over");
  }
  if (in_doubt_) return Unavailable("the connection to the database was lost a moment ago");
  return absl::OkStatus();
}

void HostLife::Begin(absl::AnyInvocable<void() &&> serving) {
  on_first_serving_ = std::move(serving);
  parts_.session.OnDisconnect([this] { OnDisconnect(); });
  Fence();
}

void HostLife::Stop() {
  phase_ = Phase::kStopping;
  parts_.metrics.OnStop();
  parts_.world.executor.Cancel(fence_timer_);
}

void HostLife::OnLease() {
  anew_posted_ = false;
  switch (phase_) {
    case Phase::kNew:
    case Phase::kStopping:
      return;
    case Phase::kFencing:
      if (fence_timer_ == Executor::kNoTimer) return;  // it is under way
      parts_.world.executor.Cancel(std::exchange(fence_timer_, Executor::kNoTimer));
      fence_backoff_ = kFirstBackoff;
      Fence();
      return;
    case Phase::kServing:
      break;
  }
  const uint64_t hold = parts_.world.lease.Hold(parts_.world.executor.Monotonic());
  if (hold != 0 && hold != hold_) {
    TakeUpAnew(Unavailable("the lease on the shards had a gap"));
  } else if (fence_timer_ != Executor::kNoTimer) {
    parts_.world.executor.Cancel(std::exchange(fence_timer_, Executor::kNoTimer));
    AskWriter();
  }
}

void HostLife::TakeUpAnew(const absl::Status& why) {
  spdlog::warn("{}", WithFields("a writer takes its shards up anew", {{"writer", std::to_string(writer_id_)},
                                                                      {"because", StdView(why.message())}}));
  parts_.metrics.OnFence();
  known_batch_ = parts_.batcher.last_batch();
  phase_ = Phase::kFencing;
  parts_.world.executor.Cancel(std::exchange(fence_timer_, Executor::kNoTimer));
  host_.DropEverything(why);
  parts_.batcher.WhenIdle([this] {
    if (phase_ == Phase::kFencing) Fence();
  });
}

void HostLife::OnDisconnect() {
  if (phase_ != Phase::kServing) return;  // the fence asks
  in_doubt_ = true;
  AskWriter();
}

void HostLife::AskWriter() {
  parts_.session.AskWriter(writer_id_, [this, doubt = ++doubts_, landed = parts_.batcher.last_batch()](
                                           const absl::StatusOr<persistence::FencedWriter>& row) {
    if (phase_ == Phase::kServing && doubt == doubts_) OnAsked(row, landed);
  });
}

void HostLife::OnAsked(const absl::StatusOr<persistence::FencedWriter>& row, uint64_t landed) {
  if (!row.ok()) {
    parts_.world.executor.Cancel(fence_timer_);
    fence_timer_ = parts_.world.executor.RunAfter(NextBackoff(), [this] {
      fence_timer_ = Executor::kNoTimer;
      if (phase_ == Phase::kServing) AskWriter();
    });
    return;
  }
  fence_backoff_ = kFirstBackoff;
  if (row->writer.epoch == parts_.batcher.epoch() && row->last_batch >= landed) {
    in_doubt_ = false;
  } else {
    TakeUpAnew(Unavailable("the database is not as this writer left it"));
  }
}

void HostLife::Fence() {
  phase_ = Phase::kFencing;
  in_doubt_ = false;
  fencing_hold_ = parts_.world.lease.Hold(parts_.world.executor.Monotonic());
  if (fencing_hold_ == 0) {
    FenceLater(absl::UnavailableError("the lease is not held"));
    return;
  }
  parts_.session.ActFor(parts_.world.lease.Tenure());
  parts_.session.Fence(writer_id_, [this](absl::StatusOr<persistence::FencedWriter> fenced) {
    if (phase_ != Phase::kFencing) return;
    if (fenced.ok()) {
      OnFenced(*fenced);
    } else {
      FenceLater(fenced.status());
    }
  });
}

void HostLife::FenceLater(const absl::Status& why) {
  const absl::Duration now = parts_.world.executor.Monotonic();
  if (now - fence_said_at_ >= kBetweenLines) {
    fence_said_at_ = now;
    // A store that does not answer is said in one place for all parts.
    const auto level = absl::IsUnavailable(why) ? spdlog::level::debug : spdlog::level::err;
    spdlog::log(level, "{}",
                WithFields("a writer is not fenced yet",
                           {{"writer", std::to_string(writer_id_)}, {"error", StdView(why.message())}}));
  }
  fence_timer_ = parts_.world.executor.RunAfter(NextBackoff(), [this] {
    fence_timer_ = Executor::kNoTimer;
    Fence();
  });
}

absl::Duration HostLife::NextBackoff() {
  const absl::Duration wait = fence_backoff_;
  // Up to a fifth of jitter, so that executors of one node do not knock in step.
  const double jitter = 1.8 + 0.4 * parts_.world.executor.random().Fraction();
  fence_backoff_ = std::min(fence_backoff_ * jitter, kLongestBackoff);
  return wait;
}

void HostLife::OnFenced(const persistence::FencedWriter& fenced) {
  parts_.session.TakeShards(fenced.writer, shards_, [this, fenced](const absl::StatusOr<bool>& taken) {
    if (phase_ != Phase::kFencing) return;
    if (taken.ok()) {
      Serve(fenced);
    } else {
      FenceLater(taken.status());
    }
  });
}

void HostLife::Serve(const persistence::FencedWriter& fenced) {
  if (parts_.world.lease.Hold(parts_.world.executor.Monotonic()) != fencing_hold_) {
    Fence();  // others may have had the shards since
    return;
  }
  hold_ = fencing_hold_;
  fence_said_at_ = -absl::InfiniteDuration();
  SayWhatBecame(fenced);
  known_batch_ = fenced.last_batch;
  unknown_batch_ = 0;
  fence_backoff_ = kFirstBackoff;
  parts_.batcher.Begin(fenced.writer, fenced.last_batch);
  phase_ = Phase::kServing;
  parts_.metrics.OnServing(shards_.size());
  host_.OnServing(fenced);
  if (on_first_serving_) std::exchange(on_first_serving_, nullptr)();
}

void HostLife::SayWhatBecame(const persistence::FencedWriter& fenced) const {
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
}

void HostLife::Lost(const persistence::CommitResult& result, uint64_t batch) {
  known_batch_ = parts_.batcher.last_batch();
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
  parts_.metrics.OnFence();
  const bool stopping = phase_ == Phase::kStopping;
  if (!stopping) {
    phase_ = Phase::kFencing;
    parts_.world.executor.Cancel(std::exchange(fence_timer_, Executor::kNoTimer));
  }
  host_.DropEverything(Unavailable("the commit failed or its outcome is unknown"));
  if (!stopping) Fence();
}

}  // namespace perdure::server
