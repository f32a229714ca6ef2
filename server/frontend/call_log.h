// A line of the log for each call that was answered with an error of the server's own making: those are to be
// looked into. Errors that a client made are counted, not logged.
// Thread safety: any thread.
#pragma once

#include "server/frontend/call.h"

namespace perdure::server {

class CallLog final : public CallObserver {
 public:
  // `next` is told of every call; it outlives this.
  explicit CallLog(CallObserver& next) : next_(next) {}

  void OnAnswered(const Method& method, const NamespacePtr& name_space, const absl::Status& status,
                  absl::Duration latency) override;
  void OnActions(const Method& method, const NamespacePtr& name_space,
                 const std::vector<std::string>& actions) override;

 private:
  CallObserver& next_;
};

}  // namespace perdure::server
