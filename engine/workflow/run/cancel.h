// A request to cancel a run, from a client or another workflow.
#pragma once

#include <cstdint>
#include <string>

#include "engine/workflow/transition.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::engine::workflow {

struct CancelSource {
  std::string identity;
  std::string request_id;
  std::string reason;
  // Of another workflow; null for a client.
  const temporal::api::common::v1::WorkflowExecution* sender = nullptr;
  int64_t initiated_event_id = 0;
  // May be null.
  const google::protobuf::RepeatedPtrField<temporal::api::common::v1::Link>* links = nullptr;
};

// A no-op where one was requested before. REQUIRES: the run is open. request_cancel.cc
void TakeCancel(Transition& transition, const CancelSource& source);

}  // namespace perdure::engine::workflow
