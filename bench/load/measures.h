// Counters read at both edges of a measured run: CPU and memory of processes from /proc, and what PostgreSQL
// counts. Not thread-safe. A process that cannot be read counts as zero and is named in the report.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace perdure::bench {

// CPU seconds of a process and its children, living and ended.
struct ProcessUse {
  double cpu_seconds = 0;
  int64_t resident_bytes = 0;  // now
  int64_t peak_bytes = 0;      // since it started
};
absl::StatusOr<ProcessUse> ReadProcess(int pid);

struct PostgresUse {
  int64_t wal_bytes = 0;
  int64_t commits = 0;
  int64_t statements = -1;  // pg_stat_statements; -1 when it is not there
  int64_t database_bytes = 0;
};
// Of the database that `connection` (keywords and values, no URI) names; read through another one, so that
// what is asked here is not counted.
absl::StatusOr<PostgresUse> ReadPostgres(const std::string& connection);

}  // namespace perdure::bench
