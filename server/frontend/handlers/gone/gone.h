// Methods that the real server refuses for good, or ships switched off: its code and words, once the
// namespace is known. Each is a line here and one of the method table.
#pragma once

#include <string>

#include "base/status.h"
#include "server/frontend/handlers/handlers.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::server {

enum class Refused { kDeployments, kVersionSets, kVersionRules, kNotSupported, kNotEnabled, kPause, kNexus };

absl::Status GoneStatus(Refused why, const Method& method, const Namespace& name_space);

template <typename Request, Refused kWhy>
// NOLINTNEXTLINE(performance-unnecessary-value-param): a handler is given what it is called with.
void Gone(Frontend& /*frontend*/, CallPtr call, NamespacePtr name_space, Request /*request*/) {
  absl::Status status = GoneStatus(kWhy, call->method(), *name_space);
  call->Fail(std::move(status));
}

}  // namespace perdure::server
