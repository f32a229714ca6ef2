#include "tests/simulation/family_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/time.h"
#include "engine/workflow/kind.h"
#include "engine/workflow/run/next_run.h"
#include "tests/simulation/progress.h"

namespace perdure::simulation {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::HistoryEvent;

// Of a parent's close, after the longest wait between two attempts.
constexpr absl::Duration kLatestNews = absl::Minutes(15);

std::string CancelName(int64_t initiated) { return fmt::format("cancel {}", initiated); }
std::string SignalName(const std::string& name) { return "signal " + name; }

bool IsPolicyTermination(const HistoryEvent& event) {
  return event.has_workflow_execution_terminated_event_attributes() &&
         event.workflow_execution_terminated_event_attributes().reason() == "by parent close policy";
}

bool IsCancelOfParent(const HistoryEvent& event, const std::string& parent_run) {
  if (!event.has_workflow_execution_cancel_requested_event_attributes()) return false;
  const auto& cancel = event.workflow_execution_cancel_requested_event_attributes();
  return cancel.external_workflow_execution().run_id() == parent_run &&
         cancel.external_initiated_event_id() == 0;
}

// How the end of a child is told to its parent.
enums::EventType ToldEnd(enums::EventType close) {
  switch (close) {
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
      return enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
      return enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
      return enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
      return enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
      return enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED;
    default:
      return enums::EVENT_TYPE_UNSPECIFIED;
  }
}

}  // namespace

std::string FamilyRules::CheckFirstTask(const History& history) {
  const auto& started = history.events(0).workflow_execution_started_event_attributes();
  if (!started.has_parent_workflow_execution()) return "";
  for (const HistoryEvent& event : history.events()) {
    if (event.has_workflow_task_completed_event_attributes()) return "";
  }
  const std::optional<Uuid> parent_run = Uuid::Parse(started.parent_workflow_execution().run_id());
  const engine::workflow::State* parent =
      auditor_.FindWorkflow(started.parent_workflow_execution().workflow_id(), parent_run.value_or(Uuid{}));
  if (parent == nullptr) return started.workflow_id() + " works, and its parent is not there";
  if (!parent->IsOpen()) return "";
  const auto child = parent->children->find(started.parent_initiated_event_id());
  if (child == parent->children->end() || child->second.started) return "";
  return started.workflow_id() + " works before its parent has recorded its start";
}

void FamilyRules::Broken(const Run& run, const std::string& what) {
  broken_.push_back(fmt::format("{} (run {}): {}", run.workflow_id, run.run_id, what));
}

void FamilyRules::ReadAll() {
  for (const Auditor::EntityPtr& entity : auditor_.Entities(engine::workflow::kWorkflowKind)) {
    const std::string run_id = entity->run_id().ToString();
    runs_[run_id] = {entity->id(), run_id, auditor_.HistoryOf(*entity)};
  }
  for (const auto& [run_id, run] : runs_) {
    const auto& started = run.started();
    if (started.has_parent_workflow_execution()) {
      children_[{started.parent_workflow_execution().run_id(), started.parent_initiated_event_id()}]
          .push_back(&run);
    }
    for (const HistoryEvent& event : run.history.events()) {
      if (event.has_workflow_execution_signaled_event_attributes()) {
        const auto& signal = event.workflow_execution_signaled_event_attributes();
        ++received_[{signal.external_workflow_execution().run_id(), SignalName(signal.signal_name()),
                     run.workflow_id}];
      } else if (event.has_workflow_execution_cancel_requested_event_attributes()) {
        const auto& cancel = event.workflow_execution_cancel_requested_event_attributes();
        ++received_[{cancel.external_workflow_execution().run_id(),
                     CancelName(cancel.external_initiated_event_id()), run.workflow_id}];
      }
    }
  }
}

FamilyRules::Outcomes FamilyRules::OutcomesOf(const History& history) {
  Outcomes outcomes;
  const auto ends = [&outcomes](const HistoryEvent& event, int64_t initiated) {
    outcomes[initiated].end = event.event_type();
  };
  for (const HistoryEvent& event : history.events()) {
    if (event.has_child_workflow_execution_started_event_attributes()) {
      const auto& started = event.child_workflow_execution_started_event_attributes();
      outcomes[started.initiated_event_id()].started_run = started.workflow_execution().run_id();
    } else if (event.has_start_child_workflow_execution_failed_event_attributes()) {
      outcomes[event.start_child_workflow_execution_failed_event_attributes().initiated_event_id()].failed =
          true;
    } else if (event.has_child_workflow_execution_completed_event_attributes()) {
      ends(event, event.child_workflow_execution_completed_event_attributes().initiated_event_id());
    } else if (event.has_child_workflow_execution_failed_event_attributes()) {
      ends(event, event.child_workflow_execution_failed_event_attributes().initiated_event_id());
    } else if (event.has_child_workflow_execution_canceled_event_attributes()) {
      ends(event, event.child_workflow_execution_canceled_event_attributes().initiated_event_id());
    } else if (event.has_child_workflow_execution_timed_out_event_attributes()) {
      ends(event, event.child_workflow_execution_timed_out_event_attributes().initiated_event_id());
    } else if (event.has_child_workflow_execution_terminated_event_attributes()) {
      ends(event, event.child_workflow_execution_terminated_event_attributes().initiated_event_id());
    } else if (event.has_external_workflow_execution_signaled_event_attributes()) {
      outcomes[event.external_workflow_execution_signaled_event_attributes().initiated_event_id()].done =
          true;
    } else if (event.has_external_workflow_execution_cancel_requested_event_attributes()) {
      outcomes[event.external_workflow_execution_cancel_requested_event_attributes().initiated_event_id()]
          .done = true;
    } else if (event.has_signal_external_workflow_execution_failed_event_attributes()) {
      outcomes[event.signal_external_workflow_execution_failed_event_attributes().initiated_event_id()]
          .failed = true;
    } else if (event.has_request_cancel_external_workflow_execution_failed_event_attributes()) {
      outcomes[event.request_cancel_external_workflow_execution_failed_event_attributes()
                   .initiated_event_id()]
          .failed = true;
    }
  }
  return outcomes;
}

void FamilyRules::CheckChild(const Run& parent, const Event& initiated, const Outcome& outcome) {
  const std::vector<const Run*>& chain = children_[{parent.run_id, initiated.event_id()}];
  const std::string& id = initiated.start_child_workflow_execution_initiated_event_attributes().workflow_id();
  for (const Run* run : chain) {
    if (run->started().first_execution_run_id() != chain.front()->started().first_execution_run_id()) {
      Broken(parent, id + " was begun twice by one command");
    }
  }
  if (outcome.failed && !chain.empty()) Broken(parent, id + " was refused, and begun all the same");
  if (outcome.failed) {
    const bool taken = std::any_of(runs_.begin(), runs_.end(),
                                   [&id](const auto& entry) { return entry.second.workflow_id == id; });
    if (!taken) Broken(parent, id + " was refused for a run that nobody has");
  }
  if (!outcome.started_run.empty() && !runs_.contains(outcome.started_run)) {
    Broken(parent, id + " was recorded as started, and is not there");
  }
  if (chain.empty()) return;
  if (!outcome.started_run.empty() &&
      chain.front()->started().first_execution_run_id() != outcome.started_run) {
    Broken(parent, id + " was recorded with another run than the one that was begun");
  }
  CheckEnd(parent, outcome, chain);
  CheckPolicy(parent, initiated, outcome, chain);
}

void FamilyRules::CheckEnd(const Run& parent, const Outcome& outcome, const std::vector<const Run*>& chain) {
  if (outcome.end == enums::EVENT_TYPE_UNSPECIFIED) return;
  const auto last = std::find_if(chain.begin(), chain.end(), [](const Run* run) {
    return engine::workflow::NextRunIdOf(run->last()).empty();
  });
  if (last == chain.end() || ToldEnd((*last)->last().event_type()) != outcome.end) {
    Broken(parent, chain.front()->workflow_id + " ended otherwise than its parent was told");
  }
}

void FamilyRules::CheckPolicy(const Run& parent, const Event& initiated, const Outcome& outcome,
                              const std::vector<const Run*>& chain) {
  const auto policy =
      initiated.start_child_workflow_execution_initiated_event_attributes().parent_close_policy();
  int terminations = 0;
  int cancels = 0;
  for (const Run* run : chain) {
    for (const HistoryEvent& event : run->history.events()) {
      terminations += IsPolicyTermination(event) ? 1 : 0;
      cancels += IsCancelOfParent(event, parent.run_id) ? 1 : 0;
    }
  }
  const std::string& id = chain.front()->workflow_id;
  const bool told = outcome.end != enums::EVENT_TYPE_UNSPECIFIED;
  if (told && terminations + cancels > 0) {
    Broken(parent, id + " had ended, and was ended by its parent's close all the same");
  }
  if (terminations > (policy == enums::PARENT_CLOSE_POLICY_TERMINATE ? 1 : 0)) {
    Broken(parent, id + " was terminated by its parent's close against its policy, or twice");
  }
  if (cancels > (policy == enums::PARENT_CLOSE_POLICY_REQUEST_CANCEL ? 1 : 0)) {
    Broken(parent, id + " was canceled by its parent's close against its policy, or twice");
  }
  if (!told && cancels == 0) CheckHeard(parent, initiated, chain);
}

void FamilyRules::CheckHeard(const Run& parent, const Event& initiated,
                             const std::vector<const Run*>& chain) {
  const auto policy =
      initiated.start_child_workflow_execution_initiated_event_attributes().parent_close_policy();
  if (policy == enums::PARENT_CLOSE_POLICY_ABANDON) return;
  const absl::Time heard = std::max(FromProto(parent.last().event_time()), calm_since_) + kLatestNews;
  for (const Run* run : chain) {
    if (FromProto(run->last().event_time()) <= heard) continue;
    Broken(parent, run->workflow_id + " went on as if its parent had not closed");
  }
}

void FamilyRules::CheckSignal(const Run& sender, const Event& initiated, const Outcome& outcome) {
  const auto& signal = initiated.signal_external_workflow_execution_initiated_event_attributes();
  const std::string& target = signal.workflow_execution().workflow_id();
  const auto found = received_.find({sender.run_id, SignalName(signal.signal_name()), target});
  const int times = found == received_.end() ? 0 : found->second;
  const std::string what = fmt::format("signal {} to {}", signal.signal_name(), target);
  if (times > 1) Broken(sender, fmt::format("{} came {} times", what, times));
  if (outcome.failed && times > 0) Broken(sender, what + " was refused, and came all the same");
  if (outcome.done && times == 0) Broken(sender, what + " was answered, and did not come");
  if (target == sender.workflow_id && (outcome.done || times > 0)) Broken(sender, what + " went to itself");
}

void FamilyRules::CheckCancel(const Run& sender, const Event& initiated, const Outcome& outcome) {
  const std::string& target =
      initiated.request_cancel_external_workflow_execution_initiated_event_attributes()
          .workflow_execution()
          .workflow_id();
  const auto found = received_.find({sender.run_id, CancelName(initiated.event_id()), target});
  const int times = found == received_.end() ? 0 : found->second;
  if (times > 1) Broken(sender, fmt::format("its cancel of {} came {} times", target, times));
  if (outcome.failed && times > 0) Broken(sender, "its cancel of " + target + " was refused, and came");
  if (target == sender.workflow_id && (outcome.done || times > 0)) Broken(sender, "it canceled itself");
}

// Nothing comes from nowhere, and signals of one sender come in their order.
void FamilyRules::CheckReceived(const Run& receiver) {
  std::map<std::string, int64_t> last;  // by sender: the initiated event of its last signal
  for (const HistoryEvent& event : receiver.history.events()) {
    if (!event.has_workflow_execution_signaled_event_attributes()) continue;
    const auto& signal = event.workflow_execution_signaled_event_attributes();
    const std::string& sender = signal.external_workflow_execution().run_id();
    if (sender.empty()) continue;  // a client
    const auto run = runs_.find(sender);
    int64_t initiated = 0;
    if (run != runs_.end()) {
      for (const HistoryEvent& sent : run->second.history.events()) {
        if (!sent.has_signal_external_workflow_execution_initiated_event_attributes()) continue;
        const auto& attributes = sent.signal_external_workflow_execution_initiated_event_attributes();
        const bool is_it = attributes.signal_name() == signal.signal_name() &&
                           attributes.workflow_execution().workflow_id() == receiver.workflow_id;
        if (is_it) initiated = sent.event_id();
      }
    }
    if (initiated == 0) Broken(receiver, "a signal that nobody sent: " + signal.signal_name());
    if (initiated <= last[sender]) Broken(receiver, "a signal overtook another: " + signal.signal_name());
    last[sender] = initiated;
  }
}

std::vector<std::string> FamilyRules::CheckAll() {
  ReadAll();
  std::map<std::string, std::set<std::string>> once;  // children whose ids are never used again
  for (const auto& [run_id, run] : runs_) {
    const absl::StatusOr<Progress> progress = ReadProgress(run.history);
    if (!progress.ok()) Broken(run, std::string(progress.status().message()));
    const Outcomes outcomes = OutcomesOf(run.history);
    for (const HistoryEvent& event : run.history.events()) {
      const auto found = outcomes.find(event.event_id());
      const Outcome outcome = found == outcomes.end() ? Outcome() : found->second;
      if (event.has_start_child_workflow_execution_initiated_event_attributes()) {
        CheckChild(run, event, outcome);
        const auto& child = event.start_child_workflow_execution_initiated_event_attributes();
        const bool is_once =
            child.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE;
        if (is_once && !outcome.started_run.empty()) once[child.workflow_id()].insert(outcome.started_run);
      } else if (event.has_signal_external_workflow_execution_initiated_event_attributes()) {
        CheckSignal(run, event, outcome);
      } else if (event.has_request_cancel_external_workflow_execution_initiated_event_attributes()) {
        CheckCancel(run, event, outcome);
      }
    }
    CheckReceived(run);
  }
  for (const auto& [id, runs] : once) {
    if (runs.size() > 1) broken_.push_back(id + " was begun twice, and may be once");
  }
  return std::move(broken_);
}

}  // namespace perdure::simulation
