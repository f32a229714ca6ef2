// What the RPCs of activities on their own have in common: checks of a request's form, in the real server's
// words, and the last step of those whose reply says nothing.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/status.h"
#include "engine/values/durations.h"
#include "server/activities/activity_history.h"
#include "server/frontend/frontend.h"
#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

inline absl::Status ValidateActivityTextLength(const char* name, size_t length) {
  if (length <= limits::kIdLength) return absl::OkStatus();
  return InvalidArgument(
      absl::StrCat(name, " exceeds length limit. Length=", length, " Limit=", limits::kIdLength));
}

// The activity that a request names by activity_id and run_id.
template <typename Request>
absl::StatusOr<EntityRef> ActivityNamedBy(const Namespace& name_space, const Request& request) {
  if (request.activity_id().empty()) return InvalidArgument("activity ID is required");
  absl::Status length = ValidateActivityTextLength("activity ID", request.activity_id().size());
  if (!length.ok()) return length;
  std::optional<Uuid> run_id;
  if (!request.run_id().empty()) {
    run_id = Uuid::Parse(request.run_id());
    if (!run_id) return InvalidArgument("invalid run id: must be a valid UUID");
  }
  return ActivityRef(name_space.id, request.activity_id(), run_id);
}

// The activity that a request names which has an id of its own: that id is minted when it is empty.
template <typename Request>
absl::StatusOr<EntityRef> ActivityAskedBy(const Namespace& name_space, IdMinter& ids, Request& request) {
  if (request.activity_id().empty()) return InvalidArgument("activity ID is required");
  absl::Status valid = ValidateActivityTextLength("activity ID", request.activity_id().size());
  if (valid.ok()) valid = ValidateActivityTextLength("request ID", request.request_id().size());
  if (valid.ok()) valid = ValidateActivityTextLength("identity", request.identity().size());
  if (!valid.ok()) return valid;
  if (request.request_id().empty()) request.set_request_id(ids.Mint().ToString());
  return ActivityNamedBy(name_space, request);
}

// Checks the `jitter` within which an attempt may begin at random, and cuts it to its limit.
template <typename Request>
absl::Status ValidateJitter(Request& request) {
  if (!request.has_jitter()) return absl::OkStatus();
  const auto wrong = engine::ValidateAndCap(*request.mutable_jitter());
  return wrong ? InvalidArgument(absl::StrCat("invalid jitter: ", std::string(*wrong))) : absl::OkStatus();
}

template <typename Response>
void ExecuteOnActivity(Frontend& frontend, CallPtr call, EntityRef run, engine::activity::Request request) {
  ActivityHistory(frontend.history.entities())
      .Execute(std::move(run), std::move(request),
               [call = std::move(call)](const absl::StatusOr<engine::activity::Reply>& reply) mutable {
                 if (!reply.ok()) return call->Fail(reply.status());
                 call->Reply(Response());
               });
}

// Pause, unpause, reset and options exist for the activities of workflows too: not built.
template <typename Request>
absl::Status RefuseWorkflowActivity(const Request& request) {
  if (request.workflow_id().empty()) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat(Request::descriptor()->name(), ": workflow_id is not supported by this server yet"));
}

}  // namespace perdure::server
