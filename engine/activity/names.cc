#include "engine/activity/names.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/activity/activity.h"

namespace perdure::engine::activity {

std::string NameOf(ActivityControl::Status status) {
  return CamelCase(ActivityControl::Status_Name(status), "");
}

absl::Status FailedPrecondition(const std::string& message) { return absl::FailedPreconditionError(message); }

absl::Status ActivityNotFound(std::string_view activity_id) {
  return NotFound(absl::StrCat("activity not found for ID: ", Shown(activity_id)));
}

}  // namespace perdure::engine::activity
