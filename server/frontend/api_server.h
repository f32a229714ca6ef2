// The gRPC endpoint: both services of the API, the standard health service and reflection. Two things are
// one: gRPC's own library (frontend/grpc_server.h) and our own wire on libnghttp2 (wire/wire_server.h).
// Thread safety: any thread. The destructor ends what is still in flight.
#pragma once

#include "absl/time/time.h"
#include "base/limits.h"

namespace perdure::server {

// What speaks HTTP/2 with clients.
enum class Wire { kGrpc, kNghttp2 };

// When a connection is told to go (GOAWAY): after the first always, and after the second without calls.
struct ConnectionTimes {
  absl::Duration age = limits::kWireAge;
  absl::Duration idle = limits::kWireIdle;
};

class ApiServer {
 public:
  virtual ~ApiServer() = default;

  virtual int port() const = 0;

  // What the health service says. True from the start.
  virtual void SetHealthy(bool healthy) = 0;

  // Takes no new calls, and returns when those in flight are answered, at the latest after `grace`, which
  // ends them.
  virtual void Shutdown(absl::Duration grace) = 0;
};

}  // namespace perdure::server
