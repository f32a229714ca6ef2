#include "server/matching/versioned_workers.h"

#include <string_view>
#include <variant>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/log_fields.h"
#include "server/matching/waiting_poll.h"

namespace perdure::server {
namespace {

using temporal::api::deployment::v1::WorkerDeploymentOptions;

// Null for a worker of no version.
const WorkerDeploymentOptions* VersionOf(const Poll& poll) {
  const WorkerDeploymentOptions* options = nullptr;
  if (const auto* workflow = std::get_if<WorkflowPoll>(&poll.poll)) {
    options = &workflow->request.deployment_options();
  } else if (const auto* activity = std::get_if<ActivityPoll>(&poll.poll)) {
    options = &activity->request.deployment_options();
  }
  constexpr auto kVersioned = temporal::api::enums::v1::WORKER_VERSIONING_MODE_VERSIONED;
  return options != nullptr && options->worker_versioning_mode() == kVersioned ? options : nullptr;
}

}  // namespace

void VersionedWorkers::Saw(const Poll& poll, const NamespaceRegistry& namespaces) {
  const WorkerDeploymentOptions* version = VersionOf(poll);
  if (version == nullptr) return;
  if (said_.size() >= limits::kWorkersKept) said_.clear();
  const std::string& identity = IdentityOf(poll);
  const std::string worker = absl::StrCat(poll.namespace_id.ToString(), "/", version->deployment_name(), "/",
                                          version->build_id(), "/", identity);
  if (!said_.insert(worker).second) return;
  const auto name_space = namespaces.ById(poll.namespace_id);
  const std::string name = name_space.ok() ? (*name_space)->settings.name : std::string();
  seen_.Add();
  spdlog::warn("{}", WithFields("a worker of a deployment's version gets tasks as if it were of none: worker "
                                "deployments are not built yet",
                                {{"namespace", name},
                                 {"worker", identity},
                                 {"deployment", version->deployment_name()},
                                 {"build_id", version->build_id()}}));
}

}  // namespace perdure::server
