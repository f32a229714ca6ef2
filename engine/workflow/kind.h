// The number by which keys and messages know workflow runs.
#pragma once

#include "base/ids.h"

namespace perdure::engine::workflow {

inline constexpr KindNumber kWorkflowKind = 1;

}  // namespace perdure::engine::workflow
