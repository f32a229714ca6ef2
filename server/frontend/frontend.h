// What handlers work with: the parts of the server that they route to, and what the server says about itself.
// Owned by whoever assembles the server (server/cli/node.h); outlives every call. The parts bring their own
// thread safety; the rest is constant.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/executor.h"
#include "base/limits.h"
#include "engine/search_attributes.h"
#include "server/auth/authorizer.h"
#include "server/auth/token_seal.h"
#include "server/cluster/namespace_registry.h"
#include "server/frontend/id_minter.h"
#include "server/frontend/parked_calls.h"
#include "server/history/history.h"
#include "server/matching/matching.h"
#include "server/visibility/visibility.h"
#include "server/workers/worker_registry.h"
#include "server/workflows/workflow_history.h"
#include "temporal/api/enums/v1/common.pb.h"

namespace perdure::server {

struct ServerInfo {
  std::string version;  // of the API's server that clients are told, not ours
  std::string cluster_id;
  std::string cluster_name;
  std::string store;         // "memory", "sqlite", "postgres12": as GetClusterInfo names it
  std::string address = {};  // of the gRPC port, as it is configured
};

using engine::SearchAttributeTypes;

// What the real server's dynamic configuration decides (server/cli/dynamic_config.cc has its names).
struct FrontendSettings {
  std::vector<std::string> protected_namespaces;  // these are not deleted
  absl::Duration namespace_delete_delay;          // of a deletion that names none
  absl::Duration min_retention = limits::kMinRetention;
  bool check_client_versions = true;
  bool check_token_namespace = true;  // a task token's must be the request's
};

struct Frontend {
  WorkflowHistory history;
  Matching& matching;
  NamespaceRegistry& namespaces;
  Visibility& visibility;
  WorkerRegistry& workers;
  const TokenSealer& tokens;
  Executor& executor;  // for the time, which any thread may ask, and for timers
  IdMinter& ids;
  ServerInfo info;
  SearchAttributeTypes search_attributes;  // those that the configuration gives all namespaces
  FrontendSettings settings = {};
  ParkedCalls parked{executor};
  std::unique_ptr<Authorizer> authorizer = AllowAll();
};

}  // namespace perdure::server
