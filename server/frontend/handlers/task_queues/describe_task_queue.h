// DescribeTaskQueue's two modes share how a queue is shown. Functions without state; safe anywhere.
#pragma once

#include "server/frontend/handlers/handlers.h"
#include "temporal/api/taskqueue/v1/message.pb.h"

namespace perdure::server {

// Adds those seen last, as many as there is room for (limits::kPollersBytes).
void AddPollers(const QueueDescription& queue,
                google::protobuf::RepeatedPtrField<temporal::api::taskqueue::v1::PollerInfo>& pollers);
temporal::api::taskqueue::v1::TaskQueueStats StatsOf(const QueueDescription& queue);

// Mode ENHANCED: every build id and task queue type that `request` selects. REQUIRES: its task queue is
// valid.
void DescribeTaskQueueEnhanced(Frontend& frontend, CallPtr call, const Uuid& namespace_id,
                               api::DescribeTaskQueueRequest request);

}  // namespace perdure::server
