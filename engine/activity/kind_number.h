// The number by which keys, rows and tokens name activities on their own.
#pragma once

#include "base/ids.h"

namespace perdure::engine::activity {

inline constexpr KindNumber kActivityKind = 2;

}  // namespace perdure::engine::activity
