// --dynamic-config-value KEY=VALUE, as the real server's dev server takes it: its names for the limits and
// switches that exist here take effect, and every other is accepted without any.
//
// Pure functions; safe anywhere.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/struct.pb.h"
#include "server/cli/node.h"

namespace perdure::server {

enum class DynamicType { kNumber, kSwitch, kDuration, kNames };

struct DynamicSetting {
  std::string_view key;  // compared without regard to case
  DynamicType type;
  std::string_view sets;  // for people
  // False: the value is of another type, and has no effect.
  bool (*set)(const google::protobuf::Value& value, NodeOptions& options);
};
std::span<const DynamicSetting> DynamicSettings();

// Sets what has an effect, and adds to `without_effect` a line's worth about each of the others.
// INVALID_ARGUMENT, in the words of the real command, without "=" and when the value is no JSON.
absl::Status SetDynamicConfig(const std::vector<std::string>& settings, NodeOptions& options,
                              std::vector<std::string>& without_effect);

}  // namespace perdure::server
