// Which options of an activity can be changed one by one, by the paths of an update mask.
//
// Pure functions; safe anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/activity/state.h"
#include "google/protobuf/field_mask.pb.h"

namespace perdure::engine::activity {

// True of a path that can be changed. Both forms are known: "retry_policy.maximum_attempts" and
// "retryPolicy.maximumAttempts".
bool IsOptionPath(std::string_view path);

// True when the mask has the path, in either form.
bool HasPath(const google::protobuf::FieldMask& mask, std::string_view path);
// True when the mask has the path or one below it.
bool HasPathWithin(const google::protobuf::FieldMask& mask, std::string_view path);

// Copies what the mask names. Returns what is missing in `from`, as the client is told, or nullopt.
std::optional<std::string> CopyOptions(const google::protobuf::FieldMask& mask, const ActivityOptions& from,
                                       ActivityOptions& into);

}  // namespace perdure::engine::activity
