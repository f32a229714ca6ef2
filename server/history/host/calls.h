// HostCalls on entities: starts and requests, from the run that they are for to the reply.
//
// Not thread-safe: lives on the host's executor. Errors as HistoryHost.
#pragma once

#include <memory>

#include "engine/entity.h"
#include "server/history/history.h"
#include "server/history/host/host_parts.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class HostCalls {
 public:
  explicit HostCalls(const HostParts& parts) : parts_(parts) {}

  void Start(const Uuid& namespace_id, KindNumber kind, std::unique_ptr<engine::StartRequest> request,
             Callback<engine::ReplyPtr> done);
  void Execute(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done);

  // `current` is null when nobody has the id.
  void StartOn(const RunPtr& current, const Uuid& namespace_id, const engine::Kind& kind,
               const engine::StartRequest& request, Callback<engine::ReplyPtr> done);

 private:
  void ExecuteOn(const RunPtr& run, const engine::Request& request, Callback<engine::ReplyPtr> done);

  const HostParts& parts_;
};

}  // namespace perdure::server
