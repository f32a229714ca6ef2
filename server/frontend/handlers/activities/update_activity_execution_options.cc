#include "server/frontend/activity_requests.h"

namespace perdure::server {

void UpdateActivityExecutionOptions(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                    api::UpdateActivityExecutionOptionsRequest request) {
  if (absl::Status refused = RefuseWorkflowActivity(request); !refused.ok()) return call->Fail(refused);
  auto run = ActivityAskedBy(*name_space, frontend.ids, request);
  if (!run.ok()) return call->Fail(run.status());
  const absl::Status form = engine::activity::CheckOptionsUpdate(request);
  if (!form.ok()) return call->Fail(form);
  ActivityHistory(frontend.history.entities())
      .Execute(*std::move(run), engine::activity::UpdateOptions{std::move(request)},
               [call = std::move(call)](absl::StatusOr<engine::activity::Reply> reply) mutable {
                 if (!reply.ok()) return call->Fail(reply.status());
                 call->Reply(std::get<engine::activity::OptionsReply>(*reply).response);
               });
}

}  // namespace perdure::server
