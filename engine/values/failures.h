// Failures that the server makes itself.
#pragma once

#include <cstddef>
#include <string_view>

#include "temporal/api/enums/v1/workflow.pb.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::engine {

using temporal::api::failure::v1::Failure;

Failure ServerFailure(std::string_view message, bool non_retryable);
Failure TimeoutFailure(std::string_view message, temporal::api::enums::v1::TimeoutType type);

// The failure's type, source, message, stack trace and causes, in this order, as far as they fit into about
// `bytes`. Text is cut between characters. Details and headers are left out.
Failure Truncate(const Failure& failure, size_t bytes);

// As a worker's failure is recorded: itself, or "Failure exceeds size limit." with what fits of it as the
// cause. True when it was replaced.
bool CutToLimit(Failure& failure);

}  // namespace perdure::engine
