#include "server/workers/worker_registry.h"

#include "base/limits.h"

namespace perdure::server {
namespace {

// What an entry takes besides its message: nodes of two lists and of a map, and its key in each.
constexpr size_t kEntryBytes = 300;

}  // namespace

void WorkerRegistry::Record(const Uuid& namespace_id, WorkerHeartbeat heartbeat, absl::Time now) {
  Key key{namespace_id, heartbeat.worker_instance_key()};
  const size_t bytes = heartbeat.SpaceUsedLong() + 3 * key.second.size() + kEntryBytes;
  const bool gone = heartbeat.status() == temporal::api::enums::v1::WORKER_STATUS_SHUTDOWN;
  auto worker = std::make_shared<const WorkerHeartbeat>(std::move(heartbeat));
  const MutexLock lock(mutex_);
  if (const auto known = entries_.find(key); known != entries_.end()) Forget(known);
  if (!gone)
    Add(std::move(key),
        {.worker = std::move(worker), .heard = now, .bytes = bytes, .place = {}, .own_place = {}});
  ForgetSilent(now);
}

WorkerPtr WorkerRegistry::Find(const Uuid& namespace_id, const std::string& instance_key, absl::Time now) {
  const MutexLock lock(mutex_);
  ForgetSilent(now);
  const auto found = entries_.find(Key{namespace_id, instance_key});
  return found == entries_.end() ? nullptr : found->second.worker;
}

std::vector<WorkerPtr> WorkerRegistry::All(const Uuid& namespace_id, absl::Time now) {
  const MutexLock lock(mutex_);
  ForgetSilent(now);
  std::vector<WorkerPtr> workers;
  for (auto entry = entries_.lower_bound(Key{namespace_id, ""});
       entry != entries_.end() && entry->first.first == namespace_id; ++entry) {
    workers.push_back(entry->second.worker);
  }
  return workers;
}

void WorkerRegistry::Add(Key key, Entry entry) {
  OfNamespace& of = namespaces_[key.first];
  entry.place = by_silence_.insert(by_silence_.end(), key);
  entry.own_place = of.by_silence.insert(of.by_silence.end(), key.second);
  Count(key.first, of, static_cast<int64_t>(entry.bytes));
  entries_.emplace(std::move(key), std::move(entry));
}

void WorkerRegistry::Forget(Entries::iterator entry) {
  const Uuid namespace_id = entry->first.first;
  const auto of = namespaces_.find(namespace_id);
  by_silence_.erase(entry->second.place);
  of->second.by_silence.erase(entry->second.own_place);
  Count(namespace_id, of->second, -static_cast<int64_t>(entry->second.bytes));
  if (of->second.by_silence.empty()) namespaces_.erase(of);
  entries_.erase(entry);
}

void WorkerRegistry::Count(const Uuid& namespace_id, OfNamespace& of, int64_t bytes) {
  by_bytes_.erase({of.bytes, namespace_id});
  of.bytes += bytes;
  bytes_ += bytes;
  if (of.bytes > 0) by_bytes_.insert({of.bytes, namespace_id});
}

void WorkerRegistry::ForgetSilent(absl::Time now) {
  while (!by_silence_.empty()) {
    const auto first = entries_.find(by_silence_.front());
    if (now - first->second.heard < limits::kWorkerSilence) break;
    Forget(first);
  }
  while (entries_.size() > limits::kWorkersKept || bytes_ > limits::kWorkersBytes) {
    const Uuid largest = by_bytes_.rbegin()->second;
    Forget(entries_.find(Key{largest, namespaces_.find(largest)->second.by_silence.front()}));
  }
}

}  // namespace perdure::server
