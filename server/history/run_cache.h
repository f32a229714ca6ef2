// The runs in an executor's memory: by key, by kind and id, and in order of use.
//
// Not thread-safe. Owns what it holds, together with the groups that wait for a commit.
// Invariant: a run that is not here has nothing that the store does not have.
#pragma once

#include <cstddef>
#include <list>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class RunCache {
 public:
  explicit RunCache(size_t budget_bytes) : budget_(budget_bytes) {}

  // Null when it is not here.
  RunPtr Find(const persistence::RunKey& key) const;
  // The current run of the id, when that is known and here.
  RunPtr FindCurrent(const persistence::EntityKey& key) const;

  void Insert(const RunPtr& run);
  // `run` holds its id from now on, instead of whatever held it.
  void SetCurrent(const RunPtr& run);
  // Another run takes the id.
  static void LoseId(ResidentRun& run) { run.place.current_ = false; }
  // Nobody has it any more.
  void GiveUpId(ResidentRun& run);
  // The run never comes here: what is decided on it stands in the store alone. `holds_id`: for its row.
  static void Outside(ResidentRun& run, bool holds_id);
  // It leaves memory; pointers to it see place.dropped().
  void Remove(const RunPtr& run);
  // In order of use, not of the hash map, so that a simulation repeats itself.
  std::vector<RunPtr> RemoveAll();

  // Something was done with the run: it is the last to leave, and its size is measured again.
  void Use(ResidentRun& run);

  // While memory is over its budget: the run that was unused for the longest time, open ones and closed ones
  // each under their own bound; null when nothing need leave. The caller removes it, marks it leaving, or
  // calls Use.
  RunPtr NextToLeave() const;
  // Its memory counts as free: it leaves with the next commit.
  void MarkLeaving(ResidentRun& run);

  size_t runs() const { return by_key_.size(); }
  size_t bytes() const { return open_.bytes + closed_.bytes; }
  // With those that leave once their commit has landed.
  size_t held_bytes() const { return bytes() + leaving_bytes_; }

 private:
  struct Ordered {
    std::list<ResidentRun*> order;  // least recently used first
    size_t bytes = 0;
  };
  Ordered& OrderOf(const ResidentRun& run) { return run.place.counted_open_ ? open_ : closed_; }
  void Unlink(ResidentRun& run);
  void Link(ResidentRun& run);
  static persistence::EntityKey EntityKeyOf(const ResidentRun& run);

  const size_t budget_;
  absl::flat_hash_map<persistence::RunKey, RunPtr> by_key_;
  absl::flat_hash_map<persistence::EntityKey, RunPtr> current_;
  Ordered open_;
  Ordered closed_;
  size_t leaving_bytes_ = 0;
};

}  // namespace perdure::server
