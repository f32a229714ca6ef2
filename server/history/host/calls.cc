#include "server/history/host/calls.h"

#include <utility>

#include "base/run_ids.h"
#include "base/status.h"
#include "server/history/host/life.h"
#include "server/history/host/replies.h"
#include "server/history/host/residents.h"
#include "server/history/host/rewinds.h"
#include "server/history/host/salvage.h"
#include "server/history/host/settings.h"
#include "server/history/host/steps.h"

namespace perdure::server {

void HostCalls::Execute(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  if (request->Rewinds()) return parts_.rewinds.Begin(ref, std::move(request), std::move(done));
  // The common case first: no closure is built for a run in memory.
  if (const RunPtr run = parts_.residents.Find(ref); run != nullptr) {
    ExecuteOn(run, *request, std::move(done));
    return;
  }
  parts_.residents.WithRun(ref, [this, ref, request = std::move(request),
                                 done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
    if (run.ok()) {
      ExecuteOn(*run, *request, std::move(done));
    } else if (absl::IsDataLoss(run.status()) && request->EndsUnfoldable()) {
      parts_.salvage.End(ref, std::move(request), std::move(done));
    } else {
      std::move(done)(run.status());
    }
  });
}

void HostCalls::ExecuteOn(const RunPtr& run, const engine::Request& request,
                          Callback<engine::ReplyPtr> done) {
  if (absl::Status serving = parts_.life.Serving(); !serving.ok()) {
    std::move(done)(serving);
    return;
  }
  parts_.replies.Answer(run, parts_.steps.StepRequest(run, request).reply, std::move(done));
}

void HostCalls::Start(const Uuid& namespace_id, KindNumber kind,
                      std::unique_ptr<engine::StartRequest> request, Callback<engine::ReplyPtr> done) {
  absl::Status serving = parts_.life.Serving();
  const absl::StatusOr<const engine::Kind*> rules = parts_.residents.KindOf(kind);
  if (serving.ok()) serving = rules.status();
  if (!serving.ok()) {
    std::move(done)(serving);
    return;
  }
  request->run_id = MintRunId(parts_.world.executor.Now(), parts_.world.executor.random());
  const persistence::EntityKey key{ShardOf(namespace_id, request->id()), namespace_id, request->id(), kind};
  parts_.residents.WithCurrentRun(key, [this, key, &rules = **rules, request = std::move(request),
                                        done = std::move(done)](absl::StatusOr<RunPtr> current) mutable {
    if (absl::IsDataLoss(current.status())) {
      parts_.salvage.StartOver(key, std::move(request), std::move(done));
    } else if (!current.ok()) {
      std::move(done)(current.status());
    } else if (absl::Status still = parts_.life.Serving(); !still.ok()) {
      std::move(done)(still);
    } else {
      StartOn(*current, key.namespace_id, rules, *request, std::move(done));
    }
  });
}

void HostCalls::StartOn(const RunPtr& current, const Uuid& namespace_id, const engine::Kind& kind,
                        const engine::StartRequest& request, Callback<engine::ReplyPtr> done) {
  const engine::NamespaceSettings* settings = parts_.settings.Of(namespace_id);
  if (settings == nullptr || settings->leaving) {
    std::move(done)(NamespaceNotFound(namespace_id.ToString()));
    return;
  }
  if (current != nullptr) {
    HostSteps::Stepped stepped =
        parts_.steps.Step(current, nullptr, [&](engine::Entity& entity, const engine::Context& context) {
          return kind.Start(&entity, request, context);
        });
    parts_.replies.Answer(stepped.next == nullptr ? current : stepped.next, std::move(stepped.reply),
                          std::move(done));
    return;
  }
  engine::Decision decision = kind.Start(nullptr, request, parts_.settings.ContextFor(nullptr, *settings));
  if (!decision.next.has_value()) {
    std::move(done)(std::move(decision.reply));
    return;
  }
  const RunPtr run = parts_.steps.Follow(nullptr, *std::move(decision.next), *settings);
  parts_.replies.Answer(run, std::move(decision.reply), std::move(done));
}

}  // namespace perdure::server
