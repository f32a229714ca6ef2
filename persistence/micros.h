// Times as a store keeps them: microseconds of the wall clock, truncated. The ends of the number line stand
// for the infinite times.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "absl/time/time.h"

namespace perdure::persistence {

// The close time of an open run: it sorts behind every other.
inline constexpr int64_t kOpenMicros = std::numeric_limits<int64_t>::max();

inline int64_t ToMicros(absl::Time time) { return absl::ToUnixMicros(time); }

inline absl::Time FromMicros(int64_t micros) {
  if (micros == std::numeric_limits<int64_t>::max()) return absl::InfiniteFuture();
  if (micros == std::numeric_limits<int64_t>::min()) return absl::InfinitePast();
  return absl::FromUnixMicros(micros);
}

// The delete time of a run that must stay, where a column cannot be null.
inline constexpr int64_t kStaysMicros = std::numeric_limits<int64_t>::max();

inline int64_t DeleteMicros(const std::optional<absl::Time>& delete_at) {
  return delete_at ? ToMicros(*delete_at) : kStaysMicros;
}

inline std::optional<absl::Time> DeleteTime(int64_t micros) {
  if (micros == kStaysMicros) return std::nullopt;
  return FromMicros(micros);
}

inline int64_t CloseMicros(const std::optional<absl::Time>& close_time) {
  return close_time ? ToMicros(*close_time) : kOpenMicros;
}

inline std::optional<absl::Time> CloseTime(int64_t micros) {
  if (micros == kOpenMicros) return std::nullopt;
  return FromMicros(micros);
}

}  // namespace perdure::persistence
