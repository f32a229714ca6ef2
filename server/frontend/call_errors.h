// What the error that answers a call says about it: its kind, and whose fault it is.
// Pure functions; safe anywhere.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace perdure::server {

// Marks an error as a client's mistake whose code says that the server failed: clients know these codes from
// gRPC in Go. Only observers of calls see the mark.
absl::Status OfCaller(absl::Status status);
// Takes the mark off, before the error is sent.
void EraseMark(absl::Status& status);

// Whether the server could not do what it should: the availability of the service falls. As the real server
// decides it.
bool IsServersFailure(const absl::Status& status);
// Whether it is a fault of ours to be looked into.
bool IsServersFault(const absl::Status& status);

// As the real server's metrics name the error: "serviceerror_NotFound", or after its detail,
// "serviceerror_NamespaceNotFound".
std::string ErrorType(const absl::Status& status);

// The cause and the scope of RESOURCE_EXHAUSTED, as people read them; "Unspecified" where it says none.
struct Exhausted {
  std::string cause;
  std::string scope;
};
Exhausted ExhaustedOf(const absl::Status& status);

}  // namespace perdure::server
