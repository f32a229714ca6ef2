// What follows from the cluster's seed: the id that the store keeps for the cluster (Session::ClusterId),
// which no client ever sees. Its public id and its token key are derived from it, so that every node of the
// cluster has the same. Pure functions; safe anywhere.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"

namespace perdure::server {

// A version 4 UUID, as GetClusterInfo shows it.
Uuid PublicClusterId(const Uuid& seed);

// The key for TokenSealer. `secret` is the operator's own (configuration), or empty.
std::string TokenKey(const Uuid& seed, std::string_view secret);

}  // namespace perdure::server
