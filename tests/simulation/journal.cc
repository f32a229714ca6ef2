#include "tests/simulation/journal.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/time.h"
#include "temporal/api/enums/v1/event_type.pb.h"

namespace perdure::simulation {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::History;

// Clocks are set by seconds, answers that are lost cost seconds; a run that nobody wakes comes much later.
constexpr absl::Duration kMostLate = absl::Minutes(5);

// Events that a crash may still undo stand at the end only: a started workflow task, and the scheduled event
// of a transient one.
int StableEvents(const History& history) {
  int stable = history.events_size();
  while (stable > 0) {
    const enums::EventType type = history.events(stable - 1).event_type();
    if (type != enums::EVENT_TYPE_WORKFLOW_TASK_STARTED && type != enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED)
      break;
    --stable;
  }
  return stable;
}

}  // namespace

void Journal::ActivityHandedOut(const Uuid& run, int64_t scheduled_event_id, int32_t attempt) {
  if (commits_vanished_ || attempts_.emplace(run, scheduled_event_id, attempt).second) return;
  Broken(fmt::format("run {}: activity {} attempt {} was handed out twice", run.ToString(),
                     scheduled_event_id, attempt));
}

void Journal::LoneCompleted(const Uuid& run, int32_t attempt) {
  if (commits_vanished_ || completed_.emplace(run, attempt).second) return;
  Broken(fmt::format("run {}: two completions of an activity were accepted", run.ToString()));
}

std::optional<int32_t> Journal::CompletedAttempt(const Uuid& run) const {
  const auto found = completed_.find(run);
  return found == completed_.end() ? std::nullopt : std::optional(found->second);
}

void Journal::HistoryShown(const Uuid& run, const History& history) {
  for (int i = 0; i < history.events_size(); ++i) {
    if (history.events(i).event_id() == i + 1) continue;
    Broken(fmt::format("run {}: event {} stands at place {}", run.ToString(), history.events(i).event_id(),
                       i + 1));
    return;
  }
  if (commits_vanished_) return;
  std::vector<std::string>& before = shown_[run];
  const int stable = StableEvents(history);
  for (int i = 0; i < stable; ++i) {
    std::string event = history.events(i).SerializeAsString();
    const auto place = static_cast<size_t>(i);
    if (place >= before.size()) {
      before.push_back(std::move(event));
    } else if (before[place] != event) {
      temporal::api::history::v1::HistoryEvent shown;
      const bool parsed = shown.ParseFromString(before[place]);
      Broken(fmt::format("run {}: event {} was shown differently before: {} and now {}", run.ToString(),
                         i + 1, parsed ? shown.ShortDebugString() : "?",
                         history.events(i).ShortDebugString()));
      return;
    }
  }
}

void Journal::TaskHandedOut(const std::string& what, absl::Time scheduled, absl::Time now) {
  if (commits_vanished_) return;  // the server notices with its next commit, whenever that is
  const absl::Duration late = now - std::max(scheduled, calm_since_);
  if (late > kMostLate) Broken(fmt::format("{} was handed out {} late", what, absl::FormatDuration(late)));
}

void Journal::TimersFired(const std::string& workflow_id, const History& history) {
  std::map<int64_t, absl::Time> due;
  for (const auto& event : history.events()) {
    const absl::Time at = FromProto(event.event_time());
    if (event.has_timer_started_event_attributes()) {
      due[event.event_id()] = at + FromProto(event.timer_started_event_attributes().start_to_fire_timeout());
    } else if (event.has_timer_fired_event_attributes()) {
      const int64_t started = event.timer_fired_event_attributes().started_event_id();
      TaskHandedOut(fmt::format("the timer {} of {}", started, workflow_id), due[started], at);
    }
  }
}

}  // namespace perdure::simulation
