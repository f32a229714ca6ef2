#include "server/frontend/call_log.h"

#include "base/log_fields.h"
#include "base/text.h"
#include "server/frontend/call_errors.h"
#include "server/frontend/method.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

void CallLog::OnAnswered(const Method& method, const NamespacePtr& name_space, const absl::Status& status,
                         absl::Duration latency) {
  next_.OnAnswered(method, name_space, status, latency);
  if (!IsServersFault(status)) return;
  spdlog::error(
      "{}", WithFields("a call was answered with an error of the server",
                       {{"operation", method.spec.name},
                        {"namespace", name_space == nullptr ? std::string_view() : name_space->settings.name},
                        {"code", absl::StatusCodeToString(status.code())},
                        {"error", StdView(status.message())}}));
}

void CallLog::OnActions(const Method& method, const NamespacePtr& name_space,
                        const std::vector<std::string>& actions) {
  next_.OnActions(method, name_space, actions);
}

}  // namespace perdure::server
