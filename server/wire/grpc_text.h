// Texts of gRPC's wire (its PROTOCOL-HTTP2.md): the deadline, percent-encoded messages and binary values.
// Pure functions; safe anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace perdure::server {

// Of grpc-timeout; nullopt where it is not one.
std::optional<absl::Duration> ParseGrpcTimeout(std::string_view text);

// Of grpc-message: what is not printable ASCII, and "%", becomes %XX.
std::string PercentEncoded(std::string_view text);

// Of headers whose names end in -bin: base64 without padding.
std::string BinaryValue(std::string_view bytes);

}  // namespace perdure::server
