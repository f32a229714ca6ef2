#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

void GetClusterInfo(Frontend& frontend, CallPtr call, api::GetClusterInfoRequest) {
  api::GetClusterInfoResponse response;
  auto& clients = *response.mutable_supported_clients();
  for (const char* client : {"temporal-go", "temporal-java", "temporal-php", "temporal-typescript",
                             "temporal-cli", "temporal-server", "Nexus-go-sdk"}) {
    clients[client] = "<2.0.0";
  }
  clients["temporal-ui"] = "<3.0.0";
  response.set_server_version(frontend.info.version);
  response.set_cluster_id(frontend.info.cluster_id);
  response.set_cluster_name(frontend.info.cluster_name);
  response.set_history_shard_count(kShardCount);
  response.set_persistence_store(frontend.info.store);
  response.set_visibility_store(frontend.info.store);
  response.set_initial_failover_version(1);
  response.set_failover_version_increment(10);
  call->Reply(response);
}

}  // namespace perdure::server
