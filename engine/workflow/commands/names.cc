#include "engine/workflow/commands/names.h"

#include <string_view>

#include "absl/strings/ascii.h"

namespace perdure::engine::workflow {
namespace {

std::string PascalCase(std::string_view name, std::string_view prefix) {
  name.remove_prefix(prefix.size());
  std::string out;
  bool starts_word = true;
  for (const char c : name) {
    if (c == '_') {
      starts_word = true;
      continue;
    }
    out.push_back(starts_word ? c : absl::ascii_tolower(static_cast<unsigned char>(c)));
    starts_word = false;
  }
  return out;
}

}  // namespace

std::string ShortName(temporal::api::enums::v1::WorkflowTaskFailedCause cause) {
  if (!temporal::api::enums::v1::WorkflowTaskFailedCause_IsValid(cause)) return std::to_string(cause);
  return PascalCase(temporal::api::enums::v1::WorkflowTaskFailedCause_Name(cause),
                    "WORKFLOW_TASK_FAILED_CAUSE_");
}

std::string ShortName(temporal::api::enums::v1::CommandType type) {
  if (!temporal::api::enums::v1::CommandType_IsValid(type)) return std::to_string(type);
  return PascalCase(temporal::api::enums::v1::CommandType_Name(type), "COMMAND_TYPE_");
}

}  // namespace perdure::engine::workflow
