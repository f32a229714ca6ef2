// The services that stand beside the API's: grpc.health.v1.Health and grpc.reflection (v1alpha and v1).
// Pure functions; safe anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace perdure::server {

enum class SideMethod { kHealthCheck, kHealthWatch, kReflection };

std::optional<SideMethod> FindSideMethod(std::string_view path);

// The service that a HealthCheckRequest asks for. INVALID_ARGUMENT for other bytes.
absl::StatusOr<std::string> HealthServiceOf(std::string_view request);
// A HealthCheckResponse; NOT_FOUND for a service that is not known.
absl::StatusOr<std::string> CheckHealth(std::string_view service, bool healthy);
// The same, for those who watch: a service that is not known is SERVICE_UNKNOWN.
std::string WatchedHealth(std::string_view service, bool healthy);

// A ServerReflectionResponse to a ServerReflectionRequest. INVALID_ARGUMENT for other bytes.
absl::StatusOr<std::string> Reflect(std::string_view request);

}  // namespace perdure::server
