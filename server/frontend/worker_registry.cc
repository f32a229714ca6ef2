#include "server/frontend/worker_registry.h"

#include "base/limits.h"

namespace perdure::server {

void WorkerRegistry::Record(const Uuid& namespace_id, WorkerHeartbeat heartbeat, absl::Time now) {
  Key key{namespace_id, heartbeat.worker_instance_key()};
  const bool gone = heartbeat.status() == temporal::api::enums::v1::WORKER_STATUS_SHUTDOWN;
  auto worker = std::make_shared<const WorkerHeartbeat>(std::move(heartbeat));
  const std::lock_guard lock(mutex_);
  if (const auto known = entries_.find(key); known != entries_.end()) Forget(known);
  if (!gone) {
    by_silence_.push_back(key);
    entries_.emplace(std::move(key), Entry{std::move(worker), now, std::prev(by_silence_.end())});
  }
  ForgetSilent(now);
}

WorkerPtr WorkerRegistry::Find(const Uuid& namespace_id, const std::string& instance_key, absl::Time now) {
  const std::lock_guard lock(mutex_);
  ForgetSilent(now);
  const auto found = entries_.find(Key{namespace_id, instance_key});
  return found == entries_.end() ? nullptr : found->second.worker;
}

std::vector<WorkerPtr> WorkerRegistry::All(const Uuid& namespace_id, absl::Time now) {
  const std::lock_guard lock(mutex_);
  ForgetSilent(now);
  std::vector<WorkerPtr> workers;
  for (auto entry = entries_.lower_bound(Key{namespace_id, ""});
       entry != entries_.end() && entry->first.first == namespace_id; ++entry) {
    workers.push_back(entry->second.worker);
  }
  return workers;
}

void WorkerRegistry::Forget(Entries::iterator entry) {
  by_silence_.erase(entry->second.place);
  entries_.erase(entry);
}

void WorkerRegistry::ForgetSilent(absl::Time now) {
  while (!by_silence_.empty()) {
    const auto first = entries_.find(by_silence_.front());
    const bool silent = now - first->second.heard >= limits::kWorkerSilence;
    if (!silent && entries_.size() <= limits::kWorkersKept) return;
    Forget(first);
  }
}

}  // namespace perdure::server
