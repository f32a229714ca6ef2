// What a mode of the generator prints: one JSON object a run. Not thread-safe.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/measures.h"

namespace perdure::bench {

using Json = nlohmann::ordered_json;

// Processes and a database that are looked at, and the load itself (as "load").
class Watched {
 public:
  struct Reading {
    std::map<std::string, ProcessUse> processes;
    std::optional<PostgresUse> postgres;
  };

  // `pids`: NAME=PID each. `postgres`: empty, or as ReadPostgres takes it.
  static absl::StatusOr<Watched> Parse(const std::vector<std::string>& pids, const std::string& postgres);

  // What cannot be read is left out, and named on standard error.
  Reading Read() const;

 private:
  std::map<std::string, int> pids_;
  std::string postgres_;
};

// What was used between two readings: NAME_cpu_ms, NAME_rss_mb, NAME_peak_mb, wal_bytes, commits, statements,
// database_bytes.
Json Difference(const Watched::Reading& begin, const Watched::Reading& end);

// p50_ms, p95_ms, p99_ms, max_ms.
void AddPercentiles(std::vector<absl::Duration> latencies, Json& into);

}  // namespace perdure::bench
