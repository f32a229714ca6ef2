// Ids of runs: UUIDs of version 7 (RFC 9562), as the real server's are. The first 48 bits are milliseconds
// since 1970, so runs that begin together stand together in an index. What is not a run's id is Uuid::Mint's.
#pragma once

#include "absl/time/time.h"
#include "base/ids.h"
#include "base/random.h"

namespace perdure {

// A time before 1970 counts as 1970.
Uuid MintRunId(absl::Time now, Random& random);

}  // namespace perdure
