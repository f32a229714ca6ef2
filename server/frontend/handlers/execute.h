// The last step of handlers whose reply says nothing: execute a request on a run and answer the empty
// response.
#pragma once

#include <utility>

#include "server/frontend/frontend.h"
#include "server/frontend/tasks.h"

namespace perdure::server {

template <typename Response>
void Execute(Frontend& frontend, CallPtr call, RunRef run, engine::workflow::Request request) {
  frontend.history.Execute(
      std::move(run), std::move(request),
      [call = std::move(call)](const absl::StatusOr<engine::workflow::Reply>& reply) mutable {
        if (!reply.ok()) return call->Fail(reply.status());
        call->Reply(Response());
      });
}

}  // namespace perdure::server
