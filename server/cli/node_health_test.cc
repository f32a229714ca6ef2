#include "server/cli/node_health.h"

#include <catch2/catch.hpp>

namespace perdure::server {

// Seen by the sanitizers only: the first tick came when the checks were gone.
TEST_CASE("a server that cannot start ends while its health is looked at for the first time") {
  EventLoop watched("watched");
  for (int i = 0; i < 200; ++i) {
    NodeHealth health;
    health.Watch("watched", watched);
    health.Begin();
  }
}

}  // namespace perdure::server
