// Callers who wait for what becomes of entities: the token and the request of each, which the entity's steps
// see (engine::Waiter), and the callback that its answer goes to. They do not keep an entity in memory, and
// outlive its leaving that. Not thread-safe: lives on one executor, and is destroyed on it or after its end.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/executor.h"
#include "engine/entity.h"
#include "persistence/batch.h"
#include "server/history/history.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class CallWaiters {
 public:
  using Answer = Callback<engine::ReplyPtr>;

  // `waiting` shows how many there are.
  CallWaiters(Executor& executor, Gauge& waiting) : executor_(executor), waiting_(waiting) {}

  // RESOURCE_EXHAUSTED where there is no room for one more.
  absl::Status Room(const persistence::RunKey& run) const;
  // Waits until it is taken or cancelled, or its time is over: then its answer is null. REQUIRES: Room(run).
  void Add(uint64_t token, const persistence::RunKey& run, engine::RequestPtr request,
           absl::Duration max_wait, Answer done);
  // Good until the next call.
  absl::Span<const engine::Waiter> Of(const persistence::RunKey& run) const {
    if (by_token_.empty()) return {};
    const auto found = by_run_.find(run);
    return found == by_run_.end() ? absl::Span<const engine::Waiter>() : absl::MakeConstSpan(found->second);
  }

  // Null when nobody waits by that token.
  Answer Take(uint64_t token);
  std::vector<Answer> TakeAll(const persistence::RunKey& run);
  std::vector<Answer> TakeAll();

 private:
  struct Caller {
    persistence::RunKey run;
    engine::RequestPtr request;
    Answer done;
    Executor::TimerId timer = Executor::kNoTimer;
  };
  // REQUIRES: somebody waits by it.
  Answer TakeOne(uint64_t token);
  void Show() { waiting_.Set(static_cast<double>(by_token_.size())); }

  Executor& executor_;
  Gauge& waiting_;
  absl::btree_map<uint64_t, Caller> by_token_;
  absl::flat_hash_map<persistence::RunKey, std::vector<engine::Waiter>> by_run_;  // in order of arrival
};

}  // namespace perdure::server
