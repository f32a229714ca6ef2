#include <utility>

#include "server/frontend/activity_requests.h"
#include "server/frontend/activity_wait.h"

namespace perdure::server {

void PollActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                           api::PollActivityExecutionRequest request) {
  auto run = ActivityNamedBy(*name_space, request);
  if (!run.ok()) return call->Fail(run.status());
  EntityRef waited = *run;
  WaitParked(
      frontend, std::move(call),
      [&frontend, waited](absl::Duration wait, Callback<RunPosition> done) {
        return ActivityHistory(frontend.history.entities()).WaitForEnd(waited, wait, std::move(done));
      },
      [&frontend, run = *std::move(run)](CallPtr call, const RunPosition& position) mutable {
        // An empty answer tells the client to ask again.
        if (position.open) return call->Reply(api::PollActivityExecutionResponse());
        run.run_id = position.run_id;
        ActivityHistory(frontend.history.entities())
            .Outcome(std::move(run), [call = std::move(call)](auto outcome) mutable {
              if (!outcome.ok()) return call->Fail(outcome.status());
              call->Reply(outcome->value_or(api::PollActivityExecutionResponse()));
            });
      });
}

}  // namespace perdure::server
