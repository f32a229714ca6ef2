// Those who start activities on their own, and cancel, terminate, pause, unpause, reset, change and delete
// them meanwhile. Each call is repeated until it is answered. Not thread-safe: the simulation is one thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/ids.h"
#include "server/activities/activity_history.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/caller.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/network.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

class LoneClient : private Caller {
 public:
  // All outlive the client.
  LoneClient(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random, Network& network,
             Journal& journal);

  void Begin();
  // Acknowledged commits vanished: all is started again, under the same request ids.
  void AskAgain();
  // Every start and everything else was answered.
  bool AllAnswered() const;
  // For a seed that did not finish in time.
  std::string Unanswered() const;
  // REQUIRES: all activities have ended. What was answered is what is stored, and all timeouts came in time.
  // Tells the journal.
  void CheckAll(Auditor& auditor);

 private:
  struct Flight {
    const LoneActivityPlan* plan = nullptr;
    uint64_t round = 0;  // raised by AskAgain: answers to older calls count for nothing
    bool started = false;
    std::optional<Uuid> run;
    size_t interfered = 0;  // how many of the plan's interferences were answered
    bool terminated = false;
    bool deleted = false;
    std::string outcome;  // as it was seen first; "" until then
  };

  void Start(Flight& flight);
  void Interfere(Flight& flight);
  void Watch(Flight& flight);
  void AskOutcome(Flight& flight);
  using Outcome = server::ActivityHistory::Outcome;
  // Calls `again` when it has to be asked again.
  void AwaitOutcome(Flight& flight, absl::Duration max_wait, const std::function<void()>& again,
                    const std::function<void(const Outcome&)>& then);
  void OnInterfered(Flight& flight, LoneActivityPlan::Deed deed, const absl::Status& status);
  void CheckEnd(const Flight& flight, const engine::Entity& entity);

  std::map<std::string, Flight> flights_;
};

}  // namespace perdure::simulation
