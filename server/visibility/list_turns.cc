#include "server/visibility/list_turns.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

absl::Status TooMany(std::string_view message) {
  return ResourceExhausted(message, enums::RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT,
                           enums::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE);
}

}  // namespace

ListTurns::~ListTurns() {
  for (const Waiting& waiting : line_) executor_.Cancel(waiting.timer);
}

void ListTurns::Enter(const Uuid& name_space, Turn turn) {
  Counts& counts = counts_[name_space];
  if (running_ < options_.running && counts.running < options_.running_of_one && counts.waiting == 0) {
    return Run(name_space, std::move(turn));
  }
  if (counts.waiting >= options_.waiting_of_one) {
    return std::move(turn)(TooMany("too many lists of this namespace wait already; try again later"));
  }
  ++counts.waiting;
  counts.last_round = std::max(counts.last_round + 1, round_);
  const auto behind = std::find_if(line_.begin(), line_.end(),
                                   [&](const Waiting& other) { return other.round > counts.last_round; });
  const auto waiting = line_.insert(behind, {name_space, counts.last_round, std::move(turn)});
  waiting->timer = executor_.RunAfter(options_.patience, [this, waiting] { Expire(waiting); });
}

void ListTurns::Leave(const Uuid& name_space) {
  Counts& counts = counts_[name_space];
  PERDURE_CHECK(counts.running > 0 && running_ > 0, "a list ends once, and after its turn has come");
  --counts.running;
  --running_;
  ForgetIfIdle(name_space);
  ServeLine();
}

void ListTurns::Run(const Uuid& name_space, Turn turn) {
  ++running_;
  ++counts_[name_space].running;
  std::move(turn)(absl::OkStatus());
}

void ListTurns::ServeLine() {
  while (running_ < options_.running) {
    const auto next = std::find_if(line_.begin(), line_.end(), [this](const Waiting& waiting) {
      return counts_[waiting.name_space].running < options_.running_of_one;
    });
    if (next == line_.end()) return;
    round_ = std::max(round_, next->round);
    Waiting served = std::move(*next);
    line_.erase(next);
    executor_.Cancel(served.timer);
    --counts_[served.name_space].waiting;
    Run(served.name_space, std::move(served.turn));
  }
}

void ListTurns::Expire(std::list<Waiting>::iterator waiting) {
  Waiting expired = std::move(*waiting);
  line_.erase(waiting);
  --counts_[expired.name_space].waiting;
  ForgetIfIdle(expired.name_space);
  std::move(expired.turn)(TooMany("other lists of this namespace took too long; try again later"));
}

void ListTurns::ForgetIfIdle(const Uuid& name_space) {
  const auto found = counts_.find(name_space);
  if (found->second.running == 0 && found->second.waiting == 0) counts_.erase(found);
}

}  // namespace perdure::server
