// perdure_load: one workflow, one activity, in a closed loop. Prints one JSON line a run, for bench/run.py to
// compare.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "bench/load/measures.h"
#include "bench/load/workload.h"

namespace perdure::bench {
namespace {

struct Reading {
  std::map<std::string, ProcessUse> processes;
  std::optional<PostgresUse> postgres;
};

class Counters final : public Edges {
 public:
  Counters(std::map<std::string, int> pids, std::string postgres)
      : pids_(std::move(pids)), postgres_(std::move(postgres)) {}

  void OnMeasureBegin() override { begin_ = Read(); }
  void OnMeasureEnd() override { end_ = Read(); }

  // JSON members, each ending in a comma.
  std::string Json(int64_t workflows) const {
    std::string out;
    const double n = static_cast<double>(std::max<int64_t>(workflows, 1));
    for (const auto& [name, end] : end_.processes) {
      const auto begin = begin_.processes.find(name);
      if (begin == begin_.processes.end()) continue;
      out += fmt::format(R"("{0}_cpu_ms_per_workflow":{1:.3f},"{0}_rss_mb":{2:.1f},"{0}_peak_mb":{3:.1f},)",
                         name, (end.cpu_seconds - begin->second.cpu_seconds) * 1e3 / n,
                         static_cast<double>(end.resident_bytes) / 1e6,
                         static_cast<double>(end.peak_bytes) / 1e6);
    }
    if (!begin_.postgres.has_value() || !end_.postgres.has_value()) return out;
    out += fmt::format(
        R"("wal_bytes_per_workflow":{:.0f},"commits_per_workflow":{:.2f},"database_bytes_per_workflow":{:.0f},)",
        static_cast<double>(end_.postgres->wal_bytes - begin_.postgres->wal_bytes) / n,
        static_cast<double>(end_.postgres->commits - begin_.postgres->commits) / n,
        static_cast<double>(end_.postgres->database_bytes - begin_.postgres->database_bytes) / n);
    if (begin_.postgres->statements >= 0 && end_.postgres->statements >= 0) {
      out += fmt::format(R"("statements_per_workflow":{:.2f},)",
                         static_cast<double>(end_.postgres->statements - begin_.postgres->statements) / n);
    }
    return out;
  }

 private:
  Reading Read() const {
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

  const std::map<std::string, int> pids_;
  const std::string postgres_;
  Reading begin_;
  Reading end_;
};

double Percentile(const std::vector<absl::Duration>& ascending, double fraction) {
  if (ascending.empty()) return 0;
  const auto at = static_cast<size_t>(fraction * static_cast<double>(ascending.size() - 1));
  return absl::ToDoubleMilliseconds(ascending[at]);
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Runs workflows in a closed loop against a Temporal-compatible server and prints what they cost.");
  WorkloadOptions options;
  double seconds = 15;
  double warm_up = 3;
  std::vector<std::string> pid_texts;
  std::string postgres;
  options.task_queue = fmt::format("bench-{}", absl::ToUnixMillis(absl::Now()));
  app.add_option("--address", options.address, "HOST:PORT")->required();
  app.add_option("--namespace", options.name_space);
  app.add_option("--in-flight", options.in_flight, "Workflows at a time");
  app.add_option("--pollers", options.pollers, "Long polls of each kind (default: as in flight, at most 64)");
  app.add_option("--activities", options.activities, "Activities a workflow, one after the other");
  app.add_option("--payload", options.payload_bytes, "Bytes of each input and result");
  app.add_option("--seconds", seconds, "Measured time");
  app.add_option("--warm-up", warm_up, "Seconds before it");
  app.add_option("--pid", pid_texts,
                 "NAME=PID of a process whose CPU (children included) and memory are read");
  app.add_option("--postgres", postgres, "Connection string of the database whose WAL and commits are read");
  CLI11_PARSE(app, argc, argv);
  options.duration = absl::Seconds(seconds);
  options.warm_up = absl::Seconds(warm_up);

  std::map<std::string, int> pids;
  for (const std::string& text : pid_texts) {
    const std::vector<std::string> parts = absl::StrSplit(text, '=');
    int pid = 0;
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &pid)) {
      std::cerr << "--pid wants NAME=PID, not " << text << "\n";
      return 2;
    }
    pids[parts[0]] = pid;
  }
  Counters counters(pids, postgres);
  WorkloadResult result;
  const absl::Status status = Run(options, counters, result);
  if (!status.ok()) {
    std::cerr << status.message() << "\n";
    return 1;
  }
  if (!result.first_error.empty()) std::cerr << "first error: " << result.first_error << "\n";
  std::cout
      << fmt::format(
             R"({{"in_flight":{},"activities":{},"payload":{},"workflows":{},"workflows_per_second":{:.1f},)"
             R"("p50_ms":{:.2f},"p95_ms":{:.2f},"p99_ms":{:.2f},{}"errors":{}}})",
             options.in_flight, options.activities, options.payload_bytes, result.workflows,
             result.workflows_per_second, Percentile(result.latencies, 0.5),
             Percentile(result.latencies, 0.95), Percentile(result.latencies, 0.99),
             counters.Json(result.workflows), result.errors)
      << std::endl;
  // Long polls still wait; ending the process is what cancels them.
  std::_Exit(result.errors == 0 ? 0 : 3);
}

}  // namespace
}  // namespace perdure::bench

int main(int argc, char** argv) { return perdure::bench::Main(argc, argv); }
