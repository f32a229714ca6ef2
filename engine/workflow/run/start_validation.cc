#include <algorithm>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/values/durations.h"
#include "engine/workflow/run/signal.h"
#include "engine/workflow/run/start.h"

namespace perdure::engine::workflow {
namespace {

// A field that a client set and that this server would have to ignore; null when there is none.
const char* UnsupportedField(const api::StartWorkflowExecutionRequest& request) {
  if (!request.completion_callbacks().empty()) return "completion_callbacks";
  if (request.has_versioning_override()) return "versioning_override";
  if (request.has_time_skipping_config()) return "time_skipping_config";
  return nullptr;
}

absl::Status CheckDuration(google::protobuf::Duration& duration, const char* name) {
  if (const auto wrong = ValidateAndCap(duration); wrong.has_value()) {
    return InvalidArgument(absl::StrCat("invalid ", name, ": ", std::string(*wrong)));
  }
  return absl::OkStatus();
}

absl::Status CheckDurations(api::StartWorkflowExecutionRequest& request) {
  absl::Status status =
      CheckDuration(*request.mutable_workflow_execution_timeout(), "WorkflowExecutionTimeoutSeconds");
  if (status.ok())
    status = CheckDuration(*request.mutable_workflow_run_timeout(), "WorkflowRunTimeoutSeconds");
  if (status.ok()) {
    status = CheckDuration(*request.mutable_workflow_task_timeout(), "WorkflowTaskTimeoutSeconds");
  }
  if (status.ok()) status = CheckDuration(*request.mutable_workflow_start_delay(), "WorkflowStartDelay");
  return status;
}

void FillTimeouts(api::StartWorkflowExecutionRequest& request) {
  const absl::Duration execution = FromProto(request.workflow_execution_timeout());
  absl::Duration run = FromProto(request.workflow_run_timeout());
  if (execution > absl::ZeroDuration()) {
    run = run > absl::ZeroDuration() ? std::min(run, execution) : execution;
    *request.mutable_workflow_run_timeout() = ToProto(run);
  }
  absl::Duration task = FromProto(request.workflow_task_timeout());
  if (task == absl::ZeroDuration()) task = limits::kDefaultWorkflowTaskTimeout;
  task = std::min(task, limits::kMaxWorkflowTaskTimeout);
  if (run > absl::ZeroDuration()) task = std::min(task, run);
  *request.mutable_workflow_task_timeout() = ToProto(task);
}

}  // namespace

absl::Status NormalizeStart(StartRequest& start) {
  api::StartWorkflowExecutionRequest& request = start.request;
  if (const char* field = UnsupportedField(request)) {
    const char* const method =
        start.signal == nullptr ? "StartWorkflowExecution" : "SignalWithStartWorkflowExecution";
    return absl::UnimplementedError(
        absl::StrCat(method, ": ", field, " is not supported by this server yet"));
  }
  // Absent stays absent in the started event.
  const bool has_execution_timeout = request.has_workflow_execution_timeout();
  const bool has_run_timeout = request.has_workflow_run_timeout();
  if (absl::Status status = CheckDurations(request); !status.ok()) return status;
  if (!has_execution_timeout) request.clear_workflow_execution_timeout();
  if (!has_run_timeout) request.clear_workflow_run_timeout();
  FillTimeouts(request);
  if (request.input().ByteSizeLong() > limits::kBlobSize) {
    return InvalidArgument("Blob data size exceeds limit.");
  }
  if (request.memo().ByteSizeLong() > limits::kMemoSize) return InvalidArgument("Memo size exceeds limit.");
  return start.signal == nullptr ? absl::OkStatus() : CheckSignalSize(start.signal->input());
}

}  // namespace perdure::engine::workflow
