// All who call the servers of a world, and what must hold of what they saw and of what is stored at the end.
// Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/executor.h"
#include "base/ids.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/client.h"
#include "tests/simulation/counter_client.h"
#include "tests/simulation/family_client.h"
#include "tests/simulation/family_rules.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/lone_client.h"
#include "tests/simulation/network.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

class People {
 public:
  // All outlive it.
  People(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random, Network& network,
         Journal& journal, Auditor& auditor);

  void Begin();
  // Acknowledged commits vanished.
  void AskAgain();

  // Looks at the store. `writers` own all shards between them; `now`: on the servers' clocks; `chains`: of no
  // chain a run was removed yet.
  void Audit(const std::vector<uint32_t>& writers, absl::Time now, bool chains);
  // Faults have stopped. Of a plan that is not watched: begins to look once the store says that all is
  // closed.
  void WatchIfClosed();

  // Everything was answered, every workflow was seen to be completed, and the last audit since found all
  // closed and nothing owed.
  bool AllDone() const { return client_.AllFinished() && settled_; }
  // REQUIRES: AllDone, and nothing was removed. Tells the journal what is broken.
  void CheckAll();
  // For a seed that did not finish in time.
  std::string Unfinished() const {
    return client_.Unfinished() + families_.Unanswered() + lone_.Unanswered() + counters_.Undone() +
           unsettled_;
  }

 private:
  bool AllAnswered() const;

  const Plan& plan_;
  Executor& executor_;
  Journal& journal_;
  Auditor& auditor_;
  Client client_;
  FamilyClient families_;
  LoneClient lone_;
  CounterClient counters_;
  bool all_watched_ = false;
  bool settled_ = false;
  std::string unsettled_;
};

}  // namespace perdure::simulation
