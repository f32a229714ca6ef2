// Empties the namespaces that were deleted, and removes their rows once nothing of theirs is left. Entities
// are asked to go by the request that their kind has for it (engine::Kind::Removal), a page of them at a
// time, by turns of the namespaces; what they owe others is sent and settled as ever, and retention removes
// their rows. Passes over a namespace are repeated until one finds it empty.
//
// What is stored says what is to be done (NamespaceRecord::deletion), so after a crash, or on another node,
// it goes on where it stopped.
//
// Not thread-safe: lives on the executor that the session is of. Everything given to it outlives its use;
// it is destroyed on the executor, or after that has stopped.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/limits.h"
#include "persistence/store.h"
#include "server/cluster/namespace_registry.h"
#include "server/history/entity_kinds.h"
#include "server/history/history.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class NamespaceEmptier {
 public:
  struct Options {
    size_t page = limits::kEmptyingPage;
    absl::Duration pause = limits::kEmptyingPause;
    absl::Duration longest_pause = limits::kLongestEmptyingPause;
    absl::Duration row_kept = limits::kDeletedNamespaceKept;
    absl::Duration look = absl::Seconds(1);  // for newly deleted ones
  };
  struct World {
    Executor& executor;
    persistence::Session& session;
    NamespaceRegistry& namespaces;
    History& history;
    const EntityKinds& kinds;
    Metrics& metrics;
  };

  NamespaceEmptier(World world, Options options);
  NamespaceEmptier(const NamespaceEmptier&) = delete;
  NamespaceEmptier& operator=(const NamespaceEmptier&) = delete;

  void Start() { Look(); }
  // Nothing more is asked. What was asked may still be done.
  void Stop();

 private:
  // Where a pass over a namespace is.
  struct Pass {
    size_t kind = 0;  // its place among the kinds
    std::optional<persistence::ListCursor> after = std::nullopt;
    bool found = false;  // an entity
    absl::Duration pause;
    size_t unanswered = 0;  // requests of the page
    bool more = false;      // pages of the kind
  };

  void Look();
  // The next turn: a page of the namespace that has waited longest.
  void Turn();
  void OnPage(const Uuid& id, const absl::StatusOr<persistence::VisibilityPage>& page);
  void AskToGo(const Uuid& id, const persistence::VisibilityRow& row);
  void OnAnswer(const Uuid& id);
  void EndPage(const Uuid& id);
  void EndPass(const Uuid& id, Pass& pass);
  void OnEmpty(const NamespacePtr& name_space);
  void RemoveRow(const NamespacePtr& name_space);
  // The turn is over; the namespace's next one comes after `wait`.
  void Rest(const Uuid& id, absl::Duration wait);

  const World world_;
  const Options options_;
  Gauge& emptying_;
  Counter& asked_;
  Counter& removed_;
  bool stopped_ = false;
  bool busy_ = false;  // a turn is under way
  absl::flat_hash_map<Uuid, Pass> passes_;
  std::deque<Uuid> waiting_;  // for their turn
};

}  // namespace perdure::server
