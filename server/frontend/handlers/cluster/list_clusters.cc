#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

// The cluster knows itself alone, so every page is the whole list.
void ListClusters(Frontend& frontend, CallPtr call, operator_api::ListClustersRequest /*request*/) {
  operator_api::ListClustersResponse response;
  auto& own = *response.add_clusters();
  own.set_cluster_name(frontend.info.cluster_name);
  own.set_cluster_id(frontend.info.cluster_id);
  own.set_address(frontend.info.address);
  own.set_initial_failover_version(1);
  own.set_history_shard_count(kShardCount);
  own.set_is_connection_enabled(true);
  call->Reply(response);
}

}  // namespace perdure::server
