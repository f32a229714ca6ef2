// Debian's abseil brings a string_view of its own: these two turn one into the other, without a copy.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace perdure {

inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view StdView(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace perdure
