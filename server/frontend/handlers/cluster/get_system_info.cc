#include "server/frontend/handlers/handlers.h"

namespace perdure::server {

void GetSystemInfo(Frontend& frontend, CallPtr call, api::GetSystemInfoRequest) {
  api::GetSystemInfoResponse response;
  response.set_server_version(frontend.info.version);
  // Clients act on each of these: none is true before what it promises works.
  auto* capabilities = response.mutable_capabilities();
  capabilities->set_signal_and_query_header(true);
  capabilities->set_internal_error_differentiation(true);
  capabilities->set_activity_failure_include_heartbeat(true);
  capabilities->set_encoded_failure_attributes(true);
  capabilities->set_upsert_memo(true);
  capabilities->set_eager_workflow_start(true);
  capabilities->set_sdk_metadata(true);
  capabilities->set_build_id_based_versioning(true);
  capabilities->set_count_group_by_execution_status(true);
  call->Reply(response);
}

}  // namespace perdure::server
