// Whether a call is allowed: asked once for each call, before anything of it is done and before it is told
// whether its namespace exists (server/frontend/handlers/handle.h).
//
// Thread safety: any thread. Must not block.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"

namespace perdure::server {

// What a caller must be allowed to do.
enum class Access { kRead, kWrite, kAdmin };

// Views are valid during the question.
struct AuthorizationRequest {
  std::string_view operation;  // the method's short name
  Access access;
  std::string_view name_space;   // as the call names it; empty: the call concerns the cluster
  std::string_view credentials;  // the header `authorization`; empty: none
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // UNAUTHENTICATED without credentials that hold, PERMISSION_DENIED when they do not suffice.
  virtual absl::Status Authorize(const AuthorizationRequest& request) const = 0;
  // For the log at the start: who may do what.
  virtual std::string_view Description() const = 0;
};

// Allows everything.
std::unique_ptr<Authorizer> AllowAll();

}  // namespace perdure::server
