#include <fmt/format.h>

#include "base/status.h"
#include "base/text.h"
#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

// A cluster that is added must answer first. This server asks no other one, so none ever does.
void AddOrUpdateRemoteCluster(Frontend& frontend, CallPtr call,
                              operator_api::AddOrUpdateRemoteClusterRequest request) {
  if (request.frontend_address() == frontend.info.address) {
    return call->Fail(
        InvalidArgument("Unable connect to remote cluster with invalid config: Cannot update "
                        "current cluster metadata from rpc calls."));
  }
  call->Fail(
      Unavailable(fmt::format("Unable connect to remote cluster {} with error: this server joins no "
                              "other clusters.",
                              Shown(request.frontend_address()))));
}

}  // namespace perdure::server
