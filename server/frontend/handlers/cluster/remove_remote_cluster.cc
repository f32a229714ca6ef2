#include "base/status.h"
#include "server/frontend/call_errors.h"
#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

// The namespaces of the cluster are on it, and there is no other one.
void RemoveRemoteCluster(Frontend& frontend, CallPtr call, operator_api::RemoveRemoteClusterRequest request) {
  if (request.cluster_name() == frontend.info.cluster_name) {
    return call->Fail(OfCaller(absl::InternalError(
        "Unable to delete cluster info with error: Cannot delete current cluster metadata.")));
  }
  call->Fail(NotFound("The cluster to be deleted cannot be found in clusters cache."));
}

}  // namespace perdure::server
