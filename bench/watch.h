// What PostgreSQL did while something ran, for the programs that measure its limits: time, WAL and the
// database's size. Counters of its own work (statements, commits, records) the measured body fills in.
// Nothing else may use the server meanwhile: WAL is counted for all of it.
#pragma once

#include <cstdio>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "persistence/postgres/pg_blocking.h"

namespace perdure::bench {

// For what a benchmark cannot do without: says what failed, and ends the program.
template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) std::fprintf(stderr, "%s\n", value.status().ToString().c_str());
  PERDURE_CHECK(value.ok(), "the benchmark needs its database");
  return *std::move(value);
}

struct Measure {
  double seconds = 0;
  double wal = 0;   // bytes
  double size = 0;  // bytes
  double statements = 0;
  double commits = 0;
  double records = 0;
};

// Runs body(measure), after a checkpoint, so that no run pays for the pages of another one. `admin`: a
// connection to the database that the body writes.
template <typename Body>
Measure Watch(persistence::PgBlocking& admin, Body body) {
  const std::string wal = "SELECT (pg_current_wal_insert_lsn() - '0/0')::text";
  const std::string size = "SELECT pg_database_size(current_database())::text";
  auto read = [&admin](const std::string& sql) { return std::stod(Must(admin.Text(sql))); };
  admin.Run("CHECKPOINT").IgnoreError();
  Measure measure;
  measure.wal = -read(wal);
  measure.size = -read(size);
  const absl::Time begin = absl::Now();
  body(measure);
  measure.seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  measure.wal += read(wal);
  measure.size += read(size);
  return measure;
}

}  // namespace perdure::bench
