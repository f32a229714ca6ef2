// The people who start and signal workflows: each call is repeated with its request id until it is
// acknowledged, and what was acknowledged must be there at the end, once. Not thread-safe: the simulation is
// one thread.
#pragma once

#include <map>
#include <string>

#include "base/executor.h"
#include "base/ids.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "tests/simulation/asker.h"
#include "tests/simulation/caller.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/network.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

class Client : private Caller {
 public:
  // All outlive the client.
  Client(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random, Network& network,
         Journal& journal);

  void Begin();
  // Acknowledged commits vanished: whatever is not known to be finished is asked for again, under the same
  // request ids.
  void AskAgain();
  // Every start and every signal was acknowledged.
  bool AllAcknowledged() const;
  // Looks at every workflow from now on; of a plan that is not watched nobody did.
  void WatchAll();
  // Every workflow was seen to be completed.
  bool AllFinished() const { return finished_ == plan_.workflows.size(); }
  // For a seed that did not finish in time.
  std::string Unfinished() const;

 private:
  struct Flight {
    const WorkflowPlan* plan = nullptr;
    bool start_acknowledged = false;
    int signals_acknowledged = 0;
    bool finished = false;
    uint64_t round = 0;  // raised by AskAgain: answers to older calls count for nothing
  };

  void AskAgain(Flight& flight);
  void Start(Flight& flight);
  temporal::api::workflowservice::v1::SignalWorkflowExecutionRequest SignalOf(const Flight& flight,
                                                                              int number) const;
  void Signal(Flight& flight, int number);
  // Queries a workflow of one run alone; of plans that are not watched nobody asks.
  void Query(Flight& flight);
  void Watch(Flight& flight);
  void CheckEnd(Flight& flight, const server::RunPosition& position);

  std::map<std::string, Flight> flights_;
  size_t finished_ = 0;
  Asker asker_;
};

}  // namespace perdure::simulation
