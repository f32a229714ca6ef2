// Workers that say of which version of a deployment they are. Deployments are not built: such a worker gets
// tasks as if it were of none. So that nobody takes this for a rollout that works, it is said once a worker,
// in the log and in a counter.
//
// Not thread-safe: belongs to matching's executor.
#pragma once

#include <string>

#include "absl/container/flat_hash_set.h"
#include "server/cluster/namespace_registry.h"
#include "server/matching/matching.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class VersionedWorkers {
 public:
  // `seen` outlives it.
  explicit VersionedWorkers(Counter& seen) : seen_(seen) {}

  void Saw(const Poll& poll, const NamespaceRegistry& namespaces);

 private:
  Counter& seen_;
  // What has been said, at most limits::kWorkersKept; then it is said anew.
  absl::flat_hash_set<std::string> said_;
};

}  // namespace perdure::server
