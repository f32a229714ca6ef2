#include "server/frontend/client_versions.h"
#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

void GetClusterInfo(Frontend& frontend, CallPtr call, api::GetClusterInfoRequest) {
  api::GetClusterInfoResponse response;
  auto& clients = *response.mutable_supported_clients();
  for (const SupportedClient& client : SupportedClients()) clients[std::string(client.name)] = client.range;
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
