// Durations that clients send.
#pragma once

#include <optional>
#include <string_view>

#include "google/protobuf/duration.pb.h"

namespace perdure::engine {

// What is wrong with a timeout or interval ("negative duration"), or nullopt. One of more than 100 years is
// cut to that, as the real server does.
std::optional<std::string_view> ValidateAndCap(google::protobuf::Duration& duration);

}  // namespace perdure::engine
