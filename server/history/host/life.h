// The life of a host: it fences its writer, takes its shards, serves, and begins anew when what is in memory
// may no longer be believed. Everything that is answered asks here first whether it may be (Serving).
//
// What is in memory is believed within the hold of the lease (server/cluster/lease.h) under which the writer
// was fenced, and while the connection to the database is the one that is known: after a gap of the lease it
// fences anew before the next answer, and after the loss of a connection it asks the writer's row first.
//
// Not thread-safe: lives on the host's executor. Errors: UNAVAILABLE, the caller may repeat.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/executor.h"
#include "persistence/store.h"
#include "server/history/host/host_parts.h"

namespace perdure::server {

class HostLife {
 public:
  class Host {
   public:
    virtual ~Host() = default;
    // The shards are taken: from now on what is in memory is believed.
    virtual void OnServing(const persistence::FencedWriter& fenced) = 0;
    // Nothing in memory may be believed any more: it is dropped, and who waits gets `why`.
    virtual void DropEverything(const absl::Status& why) = 0;
  };

  HostLife(const HostParts& parts, Host& host, uint32_t writer_id, std::vector<ShardId> shards);

  // Fences the writer, takes the shards, and serves; repeats until it has them. `serving` is called the first
  // time.
  void Begin(absl::AnyInvocable<void() &&> serving);
  // Nothing is served any more, nor fenced.
  void Stop();
  // The lease is held again after a gap, or the store answers again: what waits for either goes on at once.
  void OnLease();
  // Nothing that was not answered as landed may be believed (Batcher::Host).
  void Lost(const persistence::CommitResult& result, uint64_t batch);

  // OK while answers may be given.
  absl::Status Serving();
  // It has its shards, whether or not it may answer at this moment.
  bool HasShards() const { return phase_ == Phase::kServing; }
  bool InDoubt() const { return in_doubt_; }
  uint32_t writer_id() const { return writer_id_; }

 private:
  enum class Phase { kNew, kFencing, kServing, kStopping };

  void Fence();
  void FenceLater(const absl::Status& why);
  absl::Duration NextBackoff();
  // Fences, once no commit is in flight.
  void TakeUpAnew(const absl::Status& why);
  void OnDisconnect();
  void AskWriter();
  void OnAsked(const absl::StatusOr<persistence::FencedWriter>& row, uint64_t landed);
  void OnFenced(const persistence::FencedWriter& fenced);
  void Serve(const persistence::FencedWriter& fenced);
  void SayWhatBecame(const persistence::FencedWriter& fenced) const;

  const HostParts& parts_;
  Host& host_;
  const uint32_t writer_id_;
  const std::vector<ShardId> shards_;

  Phase phase_ = Phase::kNew;
  absl::AnyInvocable<void() &&> on_first_serving_;
  Executor::TimerId fence_timer_ = Executor::kNoTimer;
  absl::Duration fence_backoff_;
  absl::Duration fence_said_at_ = -absl::InfiniteDuration();
  // Of the lease, under which what is in memory was read; and of a fence that is under way.
  uint64_t hold_ = 0;
  uint64_t fencing_hold_ = 0;
  bool anew_posted_ = false;
  // The connection was lost, and the writer's row has not been asked since.
  bool in_doubt_ = false;
  uint64_t doubts_ = 0;  // answers to older questions count for nothing
  // The newest batch that this host knows to have landed, over all its epochs; and one whose outcome is
  // unknown.
  uint64_t known_batch_ = 0;
  uint64_t unknown_batch_ = 0;
};

}  // namespace perdure::server
