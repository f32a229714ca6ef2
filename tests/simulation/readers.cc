#include "tests/simulation/readers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace perdure::simulation {

void Readers::Read(Network& network, const std::string& workflow_id, std::function<bool()> counts) {
  network.history().WaitForEvents(
      {.namespace_id = namespace_id_, .id = workflow_id, .run_id = std::nullopt}, 1, absl::ZeroDuration(),
      network.Answer<server::RunPosition>(
          [this, workflow_id, counts = std::move(counts),
           known = known_[workflow_id]](const absl::StatusOr<server::RunPosition>& position) {
            if (!counts()) return;
            if (position.ok()) return Check(workflow_id, known, *position);
            if (absl::IsNotFound(position.status()) && !known.runs.empty()) {
              journal_.Broken(workflow_id + " was answered, and later was not there");
            }
          }));
}

void Readers::Check(const std::string& workflow_id, const Known& known, const server::RunPosition& position) {
  const bool same_run = !known.runs.empty() && known.runs.back() == position.run_id;
  if (!same_run && std::find(known.runs.begin(), known.runs.end(), position.run_id) != known.runs.end()) {
    journal_.Broken(workflow_id + " was answered with a run, and later with one before it");
  }
  if (same_run && position.next_event_id < known.next_event_id) {
    journal_.Broken(fmt::format("{} was answered with {} events, and later with {}", workflow_id,
                                known.next_event_id - 1, position.next_event_id - 1));
  }
  Known& now = known_[workflow_id];
  if (!now.runs.empty() && now.runs.back() == position.run_id) {
    now.next_event_id = std::max(now.next_event_id, position.next_event_id);
  } else if (now.runs.size() == known.runs.size()) {
    // Else a later run may have been answered meanwhile.
    now.runs.push_back(position.run_id);
    now.next_event_id = position.next_event_id;
  }
}

}  // namespace perdure::simulation
