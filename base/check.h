// Invariant checks that stay in release builds. A failed check is a bug in this program, never bad input:
// it prints where and why and aborts, because going on would risk a history that is not true.
#pragma once

#include <string_view>

namespace perdure {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, std::string_view why);

}  // namespace perdure

#define PERDURE_CHECK(condition, why)                  \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::perdure::CheckFailed(__FILE__, __LINE__, #condition, (why)))
