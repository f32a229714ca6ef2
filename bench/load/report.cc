#include "bench/load/report.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace perdure::bench {

absl::StatusOr<Watched> Watched::Parse(const std::vector<std::string>& pids, const std::string& postgres) {
  Watched watched;
  watched.postgres_ = postgres;
  watched.pids_["load"] = getpid();
  for (const std::string& text : pids) {
    const std::vector<std::string> parts = absl::StrSplit(text, '=');
    int pid = 0;
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &pid)) {
      return absl::InvalidArgumentError(absl::StrCat("--pid wants NAME=PID, not ", text));
    }
    watched.pids_[parts[0]] = pid;
  }
  return watched;
}

Watched::Reading Watched::Read() const {
  Reading reading;
  for (const auto& [name, pid] : pids_) {
    const absl::StatusOr<ProcessUse> use = ReadProcess(pid);
    if (use.ok()) {
      reading.processes[name] = *use;
    } else {
      std::cerr << name << ": " << use.status().message() << "\n";
    }
  }
  if (!postgres_.empty()) {
    const absl::StatusOr<PostgresUse> use = ReadPostgres(postgres_);
    if (use.ok()) {
      reading.postgres = *use;
    } else {
      std::cerr << "postgres: " << use.status().message() << "\n";
    }
  }
  return reading;
}

Json Difference(const Watched::Reading& begin, const Watched::Reading& end) {
  Json out = Json::object();
  for (const auto& [name, last] : end.processes) {
    const auto first = begin.processes.find(name);
    if (first == begin.processes.end()) continue;
    out[name + "_cpu_ms"] = (last.cpu_seconds - first->second.cpu_seconds) * 1e3;
    out[name + "_rss_mb"] = static_cast<double>(last.resident_bytes) / 1e6;
    out[name + "_peak_mb"] = static_cast<double>(last.peak_bytes) / 1e6;
  }
  if (!begin.postgres.has_value() || !end.postgres.has_value()) return out;
  out["wal_bytes"] = end.postgres->wal_bytes - begin.postgres->wal_bytes;
  out["commits"] = end.postgres->commits - begin.postgres->commits;
  out["database_bytes"] = end.postgres->database_bytes - begin.postgres->database_bytes;
  if (begin.postgres->statements >= 0 && end.postgres->statements >= 0) {
    out["statements"] = end.postgres->statements - begin.postgres->statements;
  }
  return out;
}

void AddPercentiles(std::vector<absl::Duration> latencies, Json& into) {
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&latencies](double fraction) {
    if (latencies.empty()) return 0.0;
    const auto index = static_cast<size_t>(fraction * static_cast<double>(latencies.size() - 1));
    return absl::ToDoubleMilliseconds(latencies[index]);
  };
  into["p50_ms"] = at(0.5);
  into["p95_ms"] = at(0.95);
  into["p99_ms"] = at(0.99);
  into["max_ms"] = at(1);
}

}  // namespace perdure::bench
