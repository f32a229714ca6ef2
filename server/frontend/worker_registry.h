// The workers that send heartbeats, as each last described itself. In memory only: after a restart a worker
// appears with its next heartbeat. One that has been silent for limits::kWorkerSilence is forgotten, and the
// one silent for longest when there are more than limits::kWorkersKept.
//
// Thread safety: any thread.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "base/ids.h"
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
    std::list<Key>::iterator place;
  };
  using Entries = absl::btree_map<Key, Entry>;

  void Forget(Entries::iterator entry);
  void ForgetSilent(absl::Time now);

  std::mutex mutex_;
  // Guarded by mutex_.
  Entries entries_;
  std::list<Key> by_silence_;  // the one silent for longest first
};

}  // namespace perdure::server
