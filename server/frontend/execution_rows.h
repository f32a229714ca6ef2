// Rows of lists, as clients see them. Pure functions; safe anywhere.
#pragma once

#include <cstdint>

#include "perdure/token.pb.h"
#include "persistence/visibility_query.h"
#include "server/frontend/frontend.h"
#include "server/visibility/listed_kind.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/workflow/v1/message.pb.h"

namespace perdure::server {

temporal::api::workflow::v1::WorkflowExecutionInfo ExecutionInfoOf(const persistence::VisibilityRow& row);

// A status as the value of a group: its name, as the payload of a keyword.
temporal::api::common::v1::Payload StatusPayload(const ListedKind& kind, int32_t status);

// The row behind which the next page begins.
persistence::ListCursor CursorOf(const ListPageToken& token);
void SetCursor(const persistence::VisibilityRow& last, ListPageToken& token);

}  // namespace perdure::server
