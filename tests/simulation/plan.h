// What one seed draws: the configuration, the workload and how often what goes wrong. Everything a run does
// follows from this and from the seed's later random numbers, so that a seed repeats a run exactly. Plain
// values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/random.h"
#include "server/history/history_options.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::simulation {

struct ActivityPlan {
  int failures = 0;   // attempts that fail before one succeeds
  bool rare = false;  // on the queue that nobody polls for a long while
};

struct ChildPlan {
  std::string workflow_id;  // of one of Plan::children
  temporal::api::enums::v1::ParentClosePolicy policy =
      temporal::api::enums::v1::PARENT_CLOSE_POLICY_TERMINATE;
  bool once = false;  // its id is never used again
  bool retried = false;
  absl::Duration run_timeout = absl::ZeroDuration();  // zero: none
};

// A signal to another workflow, or a cancel.
struct TellingPlan {
  std::string workflow_id;
  bool cancels = false;
  bool child_only = false;
};

// One step of a workflow. A workflow is its steps in order, then its completion.
struct Step {
  enum class Kind { kActivities, kTimer, kSignal, kChildren, kTellings, kForever };
  // What kChildren and kTellings wait for. A telling that is answered has ended.
  enum class Until { kInitiated, kStarted, kEnded };
  Kind kind = Kind::kActivities;
  std::vector<ActivityPlan> activities = {};       // kActivities: at the same time
  absl::Duration duration = absl::ZeroDuration();  // kTimer
  std::vector<ChildPlan> children = {};
  std::vector<TellingPlan> tellings = {};
  Until until = Until::kEnded;
};

struct WorkflowPlan {
  std::string workflow_id;
  std::vector<Step> steps;
  int signals = 0;          // how many steps wait for a signal; the client sends exactly so many
  bool with_start = false;  // the first of them comes with the start
  // The steps are done by so many more runs, each of which follows on the one before. None in a workflow that
  // waits for signals: those belong to the run that they reach.
  int next_runs = 0;
  bool retried = false;  // runs fail and are retried; else they continue as new
  // Of families alone.
  bool fails = false;          // its last run fails
  absl::Duration run_timeout;  // of each run; zero: none
};

// What clients do to members of families.
struct InterferencePlan {
  enum class Kind { kTerminates, kCancels, kStartsAgain };
  Kind kind = Kind::kTerminates;
  std::string workflow_id;
  absl::Duration after;  // from the beginning
};

// An activity on its own.
struct LoneActivityPlan {
  enum class Deed { kCancel, kTerminate, kPause, kUnpause, kReset, kUpdate, kDelete };
  struct Interference {
    Deed deed = Deed::kCancel;
    absl::Duration after;  // from the acknowledged start on
  };
  std::string activity_id;
  int failures = 0;
  int beats = 0;          // heartbeats of each attempt, a second apart
  bool unserved = false;  // on a queue that nobody ever polls
  bool fails_for_good = false;
  int most_attempts = 0;  // 0: any number
  absl::Duration schedule_to_close;
  absl::Duration schedule_to_start;
  absl::Duration start_to_close;
  absl::Duration heartbeat;
  std::vector<Interference> interferences;
};

// What is asked of counters, in this order for each.
struct CounterPlan {
  struct Deed {
    enum class Kind { kGive, kBegin, kStop, kRollOver, kClose };
    Kind kind = Kind::kGive;
    std::string to = {};  // kGive, kBegin
    int64_t amount = 0;
    absl::Duration after = absl::ZeroDuration();  // the deed before
  };
  std::string id;
  std::vector<Deed> deeds;  // the last one closes it
};

// Chances in [0, 1], each for one occasion.
struct FaultPlan {
  double commit_fails = 0;
  double commit_unknown_landed = 0;
  double commit_unknown_lost = 0;
  double commit_unknown_stalls = 0;
  double read_fails = 0;         // everything but commits
  double load_fails = 0;         // reads of runs and of wakes, besides
  absl::Duration slowest_store;  // each store operation takes up to this
  double reply_lost = 0;         // the call was carried out, its caller hears UNAVAILABLE
  double worker_drops_task = 0;  // a worker dies with a task in its hands
  double worker_answers_twice = 0;
  double worker_answers_late = 0;  // after the task's timeout
  double worker_fails_task = 0;    // RespondWorkflowTaskFailed
  double worker_sends_bad_command = 0;
  double copy_lost = 0;  // of messages between entities
  double copy_twice = 0;
  double copy_late = 0;  // up to a minute
  double copy_answer_lost = 0;
  absl::Duration between_crashes = absl::InfiniteDuration();  // of the server process; infinite: none
  absl::Duration between_lost_batches =
      absl::InfiniteDuration();  // failovers to a lagging standby; infinite: none
  absl::Duration between_read_outages =
      absl::InfiniteDuration();  // in which commits go on and every read fails; infinite: none
  absl::Duration between_clock_steps =
      absl::InfiniteDuration();  // of the machine's wall clock; infinite: none
};

struct Plan {
  size_t executors = 1;
  size_t pollers = 1;         // of each kind
  size_t resident_bytes = 0;  // 0, here and below: as in production
  size_t tail_bytes = 0;
  size_t load_keys = 0;
  size_t queue_window = 0;
  bool small_horizon = false;
  server::WakeLimits wakes;  // of a small horizon
  absl::Duration quiet_after = absl::Seconds(1);
  bool sticky = false;
  // Clients look at their workflows all along, so that runs come into memory by calls. Otherwise nobody looks
  // until the store says that all are closed: what a run owes must bring it back by itself.
  bool watched = true;
  absl::Duration rare_polls_after;      // from the end of faults on; until then nobody polls the rare queue
  bool snapshots = false;               // with each commit of a run, not only of long logs
  std::vector<WorkflowPlan> workflows;  // each is started, and completes
  std::vector<WorkflowPlan> parents;    // each is started, and ends in any way
  std::vector<WorkflowPlan> children;   // started by parents, or never
  std::vector<InterferencePlan> interferences;
  std::vector<LoneActivityPlan> lone_activities;
  std::vector<CounterPlan> counters;
  FaultPlan faults;
  absl::Duration faulty_time;  // then faults stop, and every workflow must finish
};

// `whole`: with families, activities on their own and counters too.
Plan DrawPlan(Random& random, bool whole);
// The parts that plan_families.cc and plan_others.cc draw. REQUIRES: the rest is drawn.
void DrawFamilies(Random& random, Plan& plan);
void DrawLoneActivities(Random& random, Plan& plan);
void DrawCounters(Random& random, Plan& plan);

// What draws have in common.
bool Chance(Random& random, double chance);
absl::Duration Between(Random& random, absl::Duration least, absl::Duration most);

// For the log of a failed seed.
std::string Describe(const Plan& plan);

}  // namespace perdure::simulation
