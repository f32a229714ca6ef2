#include "server/history/run_loader.h"

#include <algorithm>

#include "base/check.h"

namespace perdure::server {

using persistence::EntityKey;
using persistence::RunKey;
using persistence::StoredRun;

namespace {

// A hash map's own order changes from process to process; the simulation repeats itself exactly.
template <typename Map>
auto SortedKeys(const Map& map) {
  std::vector<typename Map::key_type> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

void RunLoader::Load(const RunKey& key, Urgency urgency, Loaded done) {
  Wanted& wanted = runs_[key];
  const bool first = wanted.calls.empty() && wanted.wakes.empty();
  (urgency == Urgency::kCall ? wanted.calls : wanted.wakes).push_back(std::move(done));
  if (wanted.in_flight) return;
  // A call may overtake the wake that asked first; the key is then queued twice.
  if (urgency == Urgency::kCall) {
    called_.keys.push_back(key);
    LoadSoon(called_);
  } else if (first) {
    woken_.keys.push_back(key);
    LoadSoon(woken_);
  }
}

// Behind what is already posted, and what else this task asks for: those keys join the query.
void RunLoader::LoadSoon(Queue& queue) {
  if (queue.posted || queue.queries >= queue.most_queries) return;
  queue.posted = true;
  executor_.Post([this, &queue, generation = generation_] {
    if (generation != generation_) return;
    queue.posted = false;
    LoadMore(queue);
  });
}

void RunLoader::LoadMore(Queue& queue) {
  while (queue.queries < queue.most_queries && !queue.keys.empty()) {
    if (!host_.MayLoad(queue.urgency)) return;
    std::vector<RunKey> keys = NextKeys(queue);
    if (keys.empty()) return;
    ++queue.queries;
    persistence::LoadQuery query{keys, max_bytes_, std::nullopt};
    if (queue.urgency == Urgency::kWake) query.due_by = executor_.Now();
    session_.LoadRuns(std::move(query), [this, &queue, keys = std::move(keys), generation = generation_](
                                            absl::StatusOr<std::vector<StoredRun>> runs) {
      if (generation != generation_) return;
      if (!ReadApart(queue, keys, runs.status())) OnLoaded(queue, keys, std::move(runs));
      if (generation != generation_) return;
      --queue.queries;
      LoadMore(queue);
    });
  }
}

void RunLoader::Resume() {
  for (Queue* queue : {&called_, &woken_}) {
    if (!queue->keys.empty()) LoadSoon(*queue);
  }
}

std::vector<RunKey> RunLoader::NextKeys(Queue& queue) {
  std::vector<RunKey> keys;
  while (!queue.keys.empty() && keys.size() < queue.keys_a_query) {
    const RunKey key = queue.keys.front();
    const auto wanted = runs_.find(key);
    const bool waits = wanted != runs_.end() && !wanted->second.in_flight;
    if (waits && wanted->second.alone && !keys.empty()) break;
    queue.keys.pop_front();
    if (!waits) continue;
    wanted->second.in_flight = true;
    keys.push_back(key);
    if (wanted->second.alone) break;
  }
  return keys;
}

// Stored data of one run that cannot be understood does not hide the others: each is read by itself then.
bool RunLoader::ReadApart(Queue& queue, const std::vector<RunKey>& keys, const absl::Status& status) {
  if (status.ok() || absl::IsUnavailable(status) || keys.size() == 1) return false;
  for (const RunKey& key : keys) {
    Wanted& wanted = runs_.at(key);
    wanted.in_flight = false;
    wanted.alone = true;
    queue.keys.push_back(key);
  }
  return true;
}

// What its answers ask for joins the query that follows.
void RunLoader::OnLoaded(Queue& queue, const std::vector<RunKey>& keys,
                         absl::StatusOr<std::vector<StoredRun>> runs) {
  const uint64_t generation = generation_;
  std::vector<RunKey> later;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto found = runs_.find(keys[i]);
    if (runs.ok() && (*runs)[i].found == StoredRun::Found::kLater) {
      found->second.in_flight = false;
      later.push_back(keys[i]);
      continue;
    }
    Wanted wanted = std::move(found->second);
    runs_.erase(found);
    if (runs.ok()) {
      AnswerLoad(queue, std::move((*runs)[i]), std::move(wanted));
    } else {
      Answer(wanted, runs.status());
    }
    if (generation != generation_) return;
  }
  AskAgain(queue, later, keys.size());
}

void RunLoader::AnswerLoad(const Queue& queue, StoredRun stored, Wanted wanted) {
  switch (stored.found) {
    case StoredRun::Found::kRun:
      Answer(wanted, host_.Admit(std::move(stored)));
      return;
    case StoredRun::Found::kNothing:
      if (queue.urgency == Urgency::kCall && wanted.wakes.empty()) {
        Answer(wanted, RunPtr());
        return;
      }
      [[fallthrough]];
    case StoredRun::Found::kDue:
      host_.RemoveStored(stored, std::move(wanted.calls), std::move(wanted.wakes));
      return;
    case StoredRun::Found::kLater:
      PERDURE_CHECK(false, "a run that was not read has no answer yet");
  }
}

void RunLoader::Answer(Wanted& wanted, const absl::StatusOr<RunPtr>& run) {
  for (std::vector<Loaded>* waiting : {&wanted.calls, &wanted.wakes}) {
    for (Loaded& done : *waiting) std::move(done)(run);
  }
}

// The store weighs each run that it is asked for, so it is asked for about as many as it can read.
void RunLoader::AskAgain(Queue& queue, const std::vector<RunKey>& later, size_t asked) {
  queue.keys.insert(queue.keys.begin(), later.begin(), later.end());
  const size_t read = asked - later.size();
  queue.keys_a_query = std::min(queue.most_keys, 2 * (later.empty() ? queue.keys_a_query : read));
}

bool RunLoader::LooksUp(const EntityKey& key) const { return lookups_.contains(key); }

void RunLoader::LookUp(const EntityKey& key, Found done) {
  std::vector<Found>& waiting = lookups_[key];
  waiting.push_back(std::move(done));
  if (waiting.size() > 1) return;
  next_lookups_.push_back(key);
  LookUpSoon();
}

// Behind what is already posted: what that wants to know joins the query.
void RunLoader::LookUpSoon() {
  if (lookup_posted_ || looking_up_ || next_lookups_.empty()) return;
  lookup_posted_ = true;
  executor_.Post([this, generation = generation_] {
    if (generation != generation_) return;
    lookup_posted_ = false;
    LookUpMore();
  });
}

void RunLoader::LookUpMore() {
  if (looking_up_ || next_lookups_.empty()) return;
  looking_up_ = true;
  const size_t count = std::min(next_lookups_.size(), load_keys_);
  std::vector<EntityKey> keys(
      std::make_move_iterator(next_lookups_.begin()),
      std::make_move_iterator(next_lookups_.begin() + static_cast<std::ptrdiff_t>(count)));
  next_lookups_.erase(next_lookups_.begin(), next_lookups_.begin() + static_cast<std::ptrdiff_t>(count));
  session_.FindCurrentRuns(
      keys, [this, keys, generation = generation_](absl::StatusOr<std::vector<std::optional<Uuid>>> found) {
        if (generation == generation_) OnFound(keys, std::move(found));
      });
}

void RunLoader::OnFound(const std::vector<EntityKey>& keys,
                        absl::StatusOr<std::vector<std::optional<Uuid>>> found) {
  looking_up_ = false;
  const uint64_t generation = generation_;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto entry = lookups_.find(keys[i]);
    std::vector<Found> waiting = std::move(entry->second);
    lookups_.erase(entry);
    for (Found& done : waiting) {
      if (found.ok()) {
        std::move(done)((*found)[i]);
      } else {
        std::move(done)(found.status());
      }
    }
    if (generation != generation_) return;
  }
  LookUpSoon();
}

void RunLoader::Abandon(const absl::Status& status) {
  ++generation_;
  auto runs = std::exchange(runs_, {});
  auto lookups = std::exchange(lookups_, {});
  for (Queue* queue : {&called_, &woken_}) {
    queue->keys.clear();
    queue->queries = 0;
    queue->posted = false;
  }
  next_lookups_.clear();
  looking_up_ = false;
  lookup_posted_ = false;
  for (const RunKey& key : SortedKeys(runs)) {
    Answer(runs.at(key), status);
  }
  for (const EntityKey& key : SortedKeys(lookups)) {
    for (Found& done : lookups.at(key)) std::move(done)(status);
  }
}

}  // namespace perdure::server
