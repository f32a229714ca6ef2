#include "base/run_ids.h"

#include <algorithm>
#include <cstdint>

namespace perdure {

Uuid MintRunId(absl::Time now, Random& random) {
  Uuid id = Uuid::Mint(random);
  const auto milliseconds = static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixMillis(now), 0));
  for (size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(milliseconds >> (40 - 8 * i));
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x70);
  return id;
}

}  // namespace perdure
