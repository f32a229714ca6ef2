#include "server/frontend/call_log.h"

#include "base/log_fields.h"
#include "base/text.h"
#include "server/frontend/method.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

bool IsOurFault(const absl::Status& status) {
  return absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsDataLoss(status);
}

}  // namespace

void CallLog::OnAnswered(const Method& method, const NamespacePtr& name_space, const absl::Status& status,
                         absl::Duration latency) {
  next_.OnAnswered(method, name_space, status, latency);
  if (!IsOurFault(status)) return;
  spdlog::error(
      "{}", WithFields("a call was answered with an error of the server",
                       {{"operation", method.spec.name},
                        {"namespace", name_space == nullptr ? std::string_view() : name_space->settings.name},
                        {"code", absl::StatusCodeToString(status.code())},
                        {"error", StdView(status.message())}}));
}

}  // namespace perdure::server
