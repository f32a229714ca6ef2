#include "tests/simulation/people.h"

#include <utility>

namespace perdure::simulation {
namespace {

constexpr char kPlainIds[] = "workflow-";
// A child that waits longer for its parent, while nothing fails, is forgotten.
constexpr absl::Duration kLongestUnreleased = absl::Minutes(15);

// How many runs the plan's workflows have, once all of them are done.
size_t RunsOf(const Plan& plan) {
  size_t runs = 0;
  for (const WorkflowPlan& workflow : plan.workflows) runs += 1 + static_cast<size_t>(workflow.next_runs);
  return runs;
}

}  // namespace

People::People(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random,
               Network& network, Journal& journal, Auditor& auditor)
    : plan_(plan),
      executor_(executor),
      journal_(journal),
      auditor_(auditor),
      client_(plan, namespace_id, executor, random, network, journal),
      families_(plan, namespace_id, executor, random, network, journal),
      lone_(plan, namespace_id, executor, random, network, journal),
      counters_(plan, namespace_id, executor, random, network, journal) {
  journal_.CheckWorkflowTasks([this](const FamilyRules::History& history) {
    if (std::string broken = FamilyRules(auditor_, journal_.calm_since()).CheckFirstTask(history);
        !broken.empty()) {
      journal_.Broken(std::move(broken));
    }
  });
}

void People::Begin() {
  client_.Begin();
  families_.Begin();
  lone_.Begin();
  counters_.Begin();
}

void People::AskAgain() {
  client_.AskAgain();
  families_.AskAgain();
  lone_.AskAgain();
}

bool People::AllAnswered() const {
  return client_.AllFinished() && families_.AllAnswered() && lone_.AllAnswered() && counters_.AllDone();
}

void People::Audit(const std::vector<uint32_t>& writers, absl::Time now, bool chains) {
  auditor_.Refresh();
  std::vector<std::string> broken = auditor_.CheckWakes(writers, now);
  const auto add = [&broken](std::vector<std::string> more) {
    broken.insert(broken.end(), more.begin(), more.end());
  };
  add(auditor_.CheckCommits());
  if (chains) add(auditor_.CheckChains());
  if (!journal_.commits_vanished()) {
    add(auditor_.CheckOutcomes());
    const bool long_calm = now > journal_.calm_since() + kLongestUnreleased;
    if (long_calm) add(auditor_.CheckReleased(now - kLongestUnreleased));
  }
  for (std::string& rule : broken) journal_.Broken(std::move(rule));
  if (!AllAnswered()) return;
  // A server learns of commits that vanished by its next one, and may have none.
  unsettled_ = journal_.commits_vanished() ? "" : auditor_.Unsettled(now);
  settled_ = unsettled_.empty();
}

void People::WatchIfClosed() {
  if (plan_.watched || all_watched_ || !client_.AllAcknowledged()) return;
  const Auditor::Runs runs = auditor_.CountRuns(kPlainIds);
  all_watched_ = runs.closed == runs.all && runs.all == RunsOf(plan_);
  if (all_watched_) executor_.Post([this] { client_.WatchAll(); });
}

void People::CheckAll() {
  for (std::string& rule : auditor_.CheckCommits()) journal_.Broken(std::move(rule));
  if (journal_.commits_vanished()) return;
  for (std::string& rule : FamilyRules(auditor_, journal_.calm_since()).CheckAll())
    journal_.Broken(std::move(rule));
  lone_.CheckAll(auditor_);
  counters_.CheckAll(auditor_);
}

}  // namespace perdure::simulation
