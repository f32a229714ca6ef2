// Decisions on entities: what Decide says is recorded and joins the gathering commit. Who gets the reply
// waits until that is durable (replies.h).
//
// Not thread-safe: lives on the host's executor. Invariant: a run's state is ahead of its durable one by what
// stands in its tail and in the commits that it belongs to, and by what its kind calls volatile.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "engine/entity.h"
#include "server/history/entity_kinds.h"
#include "server/history/host/host_parts.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class HostSteps {
 public:
  explicit HostSteps(const HostParts& parts);

  // What a step brought about for its caller.
  struct Stepped {
    absl::StatusOr<engine::ReplyPtr> reply;
    RunPtr next;  // the run that follows on it, in the same commit; null when none does
  };
  using Decider = absl::FunctionRef<engine::Decision(engine::Entity&, const engine::Context&)>;
  // `request`: that is decided on; null of any other step.
  Stepped Step(const RunPtr& run, const engine::Request* request, Decider decide);
  // `token`: by which the caller may wait, as Context has it.
  Stepped StepRequest(const RunPtr& run, const engine::Request& request, uint64_t token = 0);
  // Makes durable what is volatile, if anything is.
  absl::Status Harden(const RunPtr& run);
  // Fires what is due of the run's timers, or retires it when its row lets it go.
  void OnRing(const persistence::RunKey& key);
  // `next` takes the id from `before` (null: nobody has it), in one commit. `staged`: what its records that
  // stand in the store already fold to; null: none does.
  RunPtr Follow(const RunPtr& before, engine::NextEntity next, const engine::NamespaceSettings& settings,
                const engine::Entity* staged = nullptr);

  // A number for the state that an entity has now: no state of any run had it before.
  uint64_t NewStep() { return ++last_step_; }
  // Counts what entities of its kind say.
  StepObserver& ObserverOf(const engine::Entity& entity);

 private:
  // Appends records that run.entity already contains: to its tail, and to the next commit.
  void Record(const RunPtr& run, std::vector<engine::Record> records);
  void CheckFold(ResidentRun& run, const std::vector<engine::Record>& records);

  const HostParts& parts_;
  uint64_t last_step_ = 0;
  // One a kind, in the order of HostWorld::kinds.
  std::vector<std::unique_ptr<StepObserver>> observers_;
};

}  // namespace perdure::server
