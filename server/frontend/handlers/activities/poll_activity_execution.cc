#include <utility>

#include "server/frontend/activity_requests.h"
#include "server/frontend/activity_wait.h"

namespace perdure::server {

void PollActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                           api::PollActivityExecutionRequest request) {
  auto run = ActivityNamedBy(*name_space, request);
  if (!run.ok()) return call->Fail(run.status());
  using Outcome = ActivityHistory::Outcome;
  WaitParked<Outcome>(
      frontend, std::move(call),
      [&frontend, &run](absl::Duration wait, Callback<Outcome> done) {
        return ActivityHistory(frontend.history.entities())
            .AwaitOutcome(*std::move(run), wait, std::move(done));
      },
      // An empty answer tells the client to ask again.
      [](CallPtr call, const Outcome& outcome) {
        call->Reply(outcome == nullptr ? api::PollActivityExecutionResponse::default_instance() : *outcome);
      });
}

}  // namespace perdure::server
