// perdure_load: load on a Temporal-compatible server, by raw calls. Prints JSON, for the readings in bench/
// to compare. Without a subcommand: workflows in a closed loop.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "bench/load/asks.h"
#include "bench/load/open_runs.h"
#include "bench/load/probes.h"
#include "bench/load/report.h"
#include "bench/load/workload.h"

namespace perdure::bench {
namespace {

// Times are floating-point seconds, as time.time() has them in Python.
double UnixSeconds(absl::Time time) { return static_cast<double>(absl::ToUnixMicros(time)) / 1e6; }
absl::Time FromUnixSeconds(double seconds) {
  return absl::FromUnixMicros(static_cast<int64_t>(seconds * 1e6));
}

struct Options {
  WorkloadOptions workload;
  OpenOptions open;
  SignalOptions signal;
  std::vector<std::string> pids;
  std::string postgres;
  double seconds = 15;
  double warm_up = 3;
  double window = 0;
  double drain = 0;
  double poll_patience = 65;
  double activity_timeout = 60;
  int64_t steps = 0;
  double fire_at = 0;
  double spread = 0;
  int polls = 0;
  AskOptions asks;
};

void AddWorkloadOptions(CLI::App& app, Options& options) {
  WorkloadOptions& workload = options.workload;
  app.add_option("--in-flight", workload.in_flight, "Workflows at a time");
  app.add_option("--pollers", workload.pollers,
                 "Long polls of each kind (default: as in flight, at most 64)");
  app.add_option("--activities", workload.activities, "Activities a workflow, one after the other");
  app.add_option("--payload", workload.payload_bytes, "Bytes of each input and result");
  app.add_flag("--sticky", workload.sticky, "Workflow tasks bring new events alone");
  app.add_flag("--alone", workload.alone, "Activities on their own in the place of workflows");
  app.add_option("--poll-patience", options.poll_patience, "Seconds that a long poll may take");
  app.add_option("--activity-timeout", options.activity_timeout, "Seconds from start to close");
  app.add_option("--seconds", options.seconds, "Measured time");
  app.add_option("--warm-up", options.warm_up, "Seconds before it");
  app.add_option("--window", options.window, "Seconds of one number of finished_by");
  app.add_option("--drain", options.drain, "Seconds after it for what is under way to finish");
}

void AddOptions(CLI::App& app, Options& options) {
  app.add_option("--address", options.workload.target.address, "a.b.c.d:port")->required();
  app.add_option("--namespace", options.workload.target.name_space);
  app.add_option("--task-queue", options.workload.task_queue);
  app.add_option("--pid", options.pids,
                 "NAME=PID of a process whose CPU (children included) and memory are read");
  app.add_option("--postgres", options.postgres,
                 "Connection string (keywords and values) of the database whose WAL and commits are read");
  AddWorkloadOptions(app, options);
  app.require_subcommand(0, 1);
  app.fallthrough();
}

Json Errors(const WorkloadResult& result) {
  Json errors = Json::object();
  for (const auto& [what, count] : result.errors) errors[what] = count;
  return errors;
}

// What closed loops have in common.
Json Figures(WorkloadResult& result, const std::vector<Watched::Reading>& edges) {
  if (!result.first_error.empty()) std::cerr << "first error: " << result.first_error << "\n";
  Json out = {{"workflows", result.workflows}, {"workflows_per_second", result.workflows_per_second}};
  AddPercentiles(std::move(result.latencies), out);
  out["used"] = Difference(edges.front(), edges.back());
  out["errors"] = Errors(result);
  out["refused"] = result.refused;
  return out;
}

absl::StatusOr<Json> Loop(const Options& options, const Watched& watched) {
  std::vector<Watched::Reading> edges;
  WorkloadResult result;
  absl::Status status = RunLoop(
      options.workload, [&] { edges.push_back(watched.Read()); }, result);
  if (!status.ok()) return status;
  Json out = Figures(result, edges);
  out["retried_activities"] = result.retried_activities;
  out["retried_workflow_tasks"] = result.retried_workflow_tasks;
  out["acknowledged"] = result.acknowledged;
  out["unfinished"] = result.unfinished;
  out["finished_by"] = Json::array();
  for (const auto& [at, count] : result.finished_by) {
    out["finished_by"].push_back({UnixSeconds(at), count});
  }
  return out;
}

absl::StatusOr<Json> RunAsksOf(const Options& options, const Watched& watched) {
  AskOptions asks = options.asks;
  asks.target = options.workload.target;
  asks.task_queue = options.workload.task_queue;
  asks.in_flight = options.workload.in_flight;
  asks.warm_up = options.workload.warm_up;
  asks.duration = options.workload.duration;
  std::vector<Watched::Reading> edges;
  WorkloadResult result;
  absl::Status status = RunAsks(
      asks, [&] { edges.push_back(watched.Read()); }, result);
  if (!status.ok()) return status;
  return Figures(result, edges);
}

absl::StatusOr<Json> Steps(const Options& options, const Watched& watched) {
  Watched::Reading last = watched.Read();
  Json windows = Json::array();
  WorkloadResult result;
  const auto window = [&](std::vector<absl::Duration> latencies) {
    Watched::Reading now = watched.Read();
    Json entry = {{"steps", latencies.size()}};
    AddPercentiles(std::move(latencies), entry);
    entry["used"] = Difference(last, now);
    windows.push_back(std::move(entry));
    last = std::move(now);
  };
  absl::Status status = RunSteps(options.workload, options.steps, window, result);
  if (!status.ok()) return status;
  return Json{{"windows", windows}, {"errors", Errors(result)}};
}

absl::StatusOr<Json> First(const Options& options) {
  const absl::StatusOr<absl::Time> answered = FirstAnswer(options.workload.target, absl::Seconds(60));
  if (!answered.ok()) return answered.status();
  WorkloadOptions one = options.workload;
  one.in_flight = 1;
  WorkloadResult result;
  absl::Status status = RunSteps(
      one, one.activities + 1, [](const auto&) {}, result);
  if (!status.ok()) return status;
  return Json{{"answered_at", UnixSeconds(*answered)},
              {"finished_at", UnixSeconds(absl::Now())},
              {"errors", Errors(result)}};
}

absl::StatusOr<Json> Open(const Options& options) {
  OpenOptions open = options.open;
  open.runs.task_queue = options.workload.task_queue;
  open.in_flight = options.workload.in_flight;
  open.fire_at = FromUnixSeconds(options.fire_at);
  open.spread = absl::Seconds(options.spread);
  const absl::StatusOr<absl::Duration> took = OpenRuns(options.workload.target, open);
  if (!took.ok()) return took.status();
  return Json{{"seconds", absl::ToDoubleSeconds(*took)}};
}

absl::StatusOr<Json> Signal(const Options& options) {
  SignalOptions signal = options.signal;
  signal.runs = options.open.runs;
  signal.runs.task_queue = options.workload.task_queue;
  signal.duration = options.workload.duration;
  const absl::StatusOr<std::vector<SignalCall>> calls = SignalRuns(options.workload.target, signal);
  if (!calls.ok()) return calls.status();
  Json out = Json::array();
  for (const SignalCall& call : *calls) {
    out.push_back({UnixSeconds(call.begin), absl::ToDoubleMilliseconds(call.took), call.code});
  }
  return out;
}

absl::StatusOr<Json> Collect(const Options& options) {
  RunSet runs = options.open.runs;
  runs.task_queue = options.workload.task_queue;
  const absl::StatusOr<std::vector<absl::Time>> times =
      CollectRuns(options.workload.target, runs, options.workload.duration);
  if (!times.ok()) return times.status();
  Json out = Json::array();
  for (const absl::Time time : *times) out.push_back(UnixSeconds(time));
  return out;
}

absl::StatusOr<Json> Idle(const Options& options, const Watched& watched) {
  absl::Status status = HoldPolls(options.workload.target, options.polls);
  if (!status.ok()) return status;
  absl::SleepFor(options.workload.warm_up);
  const Watched::Reading begin = watched.Read();
  absl::SleepFor(options.workload.duration);
  return Difference(begin, watched.Read());
}

struct Modes {
  explicit Modes(CLI::App& app, Options& options)
      : steps(app.add_subcommand("steps", "Runs --in-flight workflows once, and measures their steps")),
        first(app.add_subcommand("first", "Waits for a server to work")),
        open(app.add_subcommand("open", "Makes open runs, each with a timer")),
        signal(app.add_subcommand("signal", "Signals open runs at an even pace")),
        collect(app.add_subcommand("collect", "Takes the runs whose timer has come")),
        idle(app.add_subcommand("idle", "Holds long polls open")),
        asks(app.add_subcommand("asks", "Requests to workflows in a closed loop")) {
    const std::map<std::string, Ask> names = {{"signal", Ask::kSignal},
                                              {"query", Ask::kQuery},
                                              {"update", Ask::kUpdate},
                                              {"signal-with-start", Ask::kSignalWithStart},
                                              {"reset", Ask::kReset}};
    asks->add_option("--ask", options.asks.ask, "signal, query, update, signal-with-start or reset")
        ->required()
        ->transform(CLI::CheckedTransformer(names));
    asks->add_option("--base-events", options.asks.base_events, "Of the run that is reset");
    steps->add_option("--steps", options.steps, "Of all workflows together, in one window")->required();
    for (CLI::App* mode : {open, signal, collect}) {
      mode->add_option("--runs", options.open.runs.count)->required();
    }
    for (CLI::App* mode : {open, signal}) mode->add_option("--prefix", options.open.runs.prefix)->required();
    open->add_option("--hot", options.open.hot, "How many are signalled once");
    open->add_option("--fire-at", options.fire_at, "Of the timers, in Unix seconds")->required();
    open->add_option("--spread", options.spread, "Seconds before and after that");
    signal->add_option("--rate", options.signal.calls_per_second, "Calls a second");
    idle->add_option("--polls", options.polls)->required();
  }

  absl::StatusOr<Json> Run(const Options& options, const Watched& watched) const {
    if (steps->parsed()) return Steps(options, watched);
    if (first->parsed()) return First(options);
    if (open->parsed()) return Open(options);
    if (signal->parsed()) return Signal(options);
    if (collect->parsed()) return Collect(options);
    if (idle->parsed()) return Idle(options, watched);
    if (asks->parsed()) return RunAsksOf(options, watched);
    return Loop(options, watched);
  }

  CLI::App *steps, *first, *open, *signal, *collect, *idle, *asks;
};

int Main(int argc, char** argv) {
  CLI::App app("Puts load on a Temporal-compatible server and prints what it cost.");
  Options options;
  options.workload.task_queue = fmt::format("bench-{}", absl::ToUnixMillis(absl::Now()));
  AddOptions(app, options);
  const Modes modes(app, options);
  CLI11_PARSE(app, argc, argv);
  WorkloadOptions& workload = options.workload;
  workload.duration = absl::Seconds(options.seconds);
  workload.warm_up = absl::Seconds(options.warm_up);
  workload.window = absl::Seconds(options.window);
  workload.drain = absl::Seconds(options.drain);
  workload.poll_patience = absl::Seconds(options.poll_patience);
  workload.activity_timeout = absl::Seconds(options.activity_timeout);

  const absl::StatusOr<Watched> watched = Watched::Parse(options.pids, options.postgres);
  if (!watched.ok()) {
    std::cerr << watched.status().message() << "\n";
    return 2;
  }
  const absl::StatusOr<Json> out = modes.Run(options, *watched);
  if (!out.ok()) {
    std::cerr << out.status().message() << "\n";
    return 1;
  }
  std::cout << out->dump() << "\n" << std::flush;
  // Long polls still wait; ending the process is what cancels them.
  std::_Exit(0);
}

}  // namespace
}  // namespace perdure::bench

int main(int argc, char** argv) {
  // As the server (server/main.cc): what the load takes of the machine, what it measures has not.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return perdure::bench::Main(argc, argv);
}
