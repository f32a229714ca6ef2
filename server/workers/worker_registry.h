// The workers that send heartbeats, as each last described itself. In memory only: after a restart a worker
// appears with its next heartbeat. One that has been silent for limits::kWorkerSilence is forgotten. So is,
// when there are more than limits::kWorkersKept or they take more than limits::kWorkersBytes, the one silent
// for longest in the namespace whose workers take most: a namespace with fewer keeps all of its own.
//
// Thread safety: any thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "temporal/api/worker/v1/message.pb.h"

namespace perdure::server {

using WorkerHeartbeat = temporal::api::worker::v1::WorkerHeartbeat;
using WorkerPtr = std::shared_ptr<const WorkerHeartbeat>;

class WorkerRegistry {
 public:
  // A worker that has shut down is forgotten.
  void Record(const Uuid& namespace_id, WorkerHeartbeat heartbeat, absl::Time now);

  // Null: unknown.
  WorkerPtr Find(const Uuid& namespace_id, const std::string& instance_key, absl::Time now);

  // Those of a namespace, by instance key.
  std::vector<WorkerPtr> All(const Uuid& namespace_id, absl::Time now);

 private:
  using Key = std::pair<Uuid, std::string>;  // namespace, instance key
  struct Entry {
    WorkerPtr worker;
    absl::Time heard;
    size_t bytes = 0;
    std::list<Key>::iterator place;              // in by_silence_
    std::list<std::string>::iterator own_place;  // in its namespace's by_silence
  };
  using Entries = absl::btree_map<Key, Entry>;
  struct OfNamespace {
    size_t bytes = 0;
    std::list<std::string> by_silence;  // instance keys, the one silent for longest first
  };

  void Add(Key key, Entry entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetSilent(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count(const Uuid& namespace_id, OfNamespace& of, int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  std::list<Key> by_silence_ ABSL_GUARDED_BY(mutex_);  // the one silent for longest first
  absl::btree_map<Uuid, OfNamespace> namespaces_ ABSL_GUARDED_BY(mutex_);
  absl::btree_set<std::pair<size_t, Uuid>> by_bytes_ ABSL_GUARDED_BY(mutex_);  // the namespaces
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace perdure::server
