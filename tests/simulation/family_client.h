// Those who start parents, and terminate and cancel members of families, and start some again. Each call is
// repeated until it is answered. Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "base/ids.h"
#include "tests/simulation/caller.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/network.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

class FamilyClient : private Caller {
 public:
  // All outlive the client.
  FamilyClient(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random,
               Network& network, Journal& journal);

  void Begin();
  // Acknowledged commits vanished: all is started again, under the same request ids.
  void AskAgain();
  bool AllAnswered() const { return answered_ == calls_; }
  // For a seed that did not finish in time.
  std::string Unanswered() const {
    return AllAnswered() ? ""
                         : " calls of families: " + std::to_string(answered_) + "/" + std::to_string(calls_);
  }

 private:
  // A start that is repeated has its request id: `number` tells starts of one id apart.
  void Start(const WorkflowPlan& workflow, size_t number);
  void Interfere(const InterferencePlan& plan, size_t number);
  // Again after a while unless the status is an answer; else counts it.
  void OnAnswer(const absl::Status& status, absl::AnyInvocable<void() &&> again);

  size_t calls_ = 0;
  size_t answered_ = 0;
};

}  // namespace perdure::simulation
