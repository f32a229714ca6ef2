// Those who query workflows: how many signals a run has seen is never less than what had been acknowledged
// when the query was asked, however it is answered. A query that fails is not repeated. Not thread-safe: the
// simulation is one thread.
#pragma once

#include <functional>
#include <string>

#include "tests/simulation/caller.h"

namespace perdure::simulation {

class Asker : private Caller {
 public:
  // All outlive it.
  Asker(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random, Network& network,
        Journal& journal)
      : Caller(plan, namespace_id, executor, random, network, journal) {}

  // Asks once. `counts`: asked when the answer comes, whether what was acknowledged still holds.
  void Ask(const std::string& workflow_id, int acknowledged, std::function<bool()> counts);

 private:
  struct Question {
    server::RunRef run;
    int acknowledged = 0;
    std::function<bool()> counts;
  };
  void OnRun(Question question, const engine::workflow::Reply& reply);
  void AskWorker(Question question, const engine::workflow::QueryDispatch& dispatch, bool sticky);
  void Check(const Question& question, const temporal::api::common::v1::Payloads& answer);
  // What no query is answered with.
  void CheckError(const Question& question, const absl::Status& status);

  int asked_ = 0;
};

}  // namespace perdure::simulation
