#include "tests/simulation/journal.h"

#include <fmt/format.h>

#include <algorithm>

#include "temporal/api/enums/v1/event_type.pb.h"

namespace perdure::simulation {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::History;

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
      Broken(fmt::format("run {}: event {} was shown differently before", run.ToString(), i + 1));
      return;
    }
  }
}

}  // namespace perdure::simulation
