#include "server/frontend/handlers/gone/gone.h"

#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace perdure::server {
namespace {

absl::Status NotAllowed(std::string_view words) {
  return WithDetail(absl::PermissionDeniedError(AbslView(words)),
                    temporal::api::errordetails::v1::PermissionDeniedFailure());
}

absl::Status Unimplemented(std::string_view words) { return absl::UnimplementedError(AbslView(words)); }

}  // namespace

absl::Status GoneStatus(Refused why, const Method& method, const Namespace& name_space) {
  switch (why) {
    case Refused::kDeployments:
      return Unimplemented(
          "Deployments are deprecated and no longer supported, use Worker Deployments instead");
    case Refused::kVersionSets:
      return NotAllowed(
          "Worker versioning v0.1 (Version Set-based, deprecated) is disabled on this namespace.");
    case Refused::kVersionRules:
      return NotAllowed("Worker versioning v0.2 (Rules-based, deprecated) is disabled on this namespace.");
    case Refused::kNotSupported:
      return Unimplemented(fmt::format("method {} not supported", method.spec.name));
    case Refused::kNotEnabled:
      return Unimplemented(fmt::format("{} command is not enabled.", method.spec.name));
    case Refused::kPause:
      return Unimplemented(
          fmt::format("workflow pause is not enabled for namespace: {}", Shown(name_space.settings.name)));
    case Refused::kNexus:
      return Unimplemented("Standalone Nexus operation is disabled");
  }
  return absl::OkStatus();
}

}  // namespace perdure::server
