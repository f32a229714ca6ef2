// The kinds of entities that a server was started with: a line each, put together where the server is
// (server/cli). Nothing in this folder names one.
//
// Immutable once made; safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/call_wire.h"
#include "engine/entity.h"
#include "server/history/kind_inspector.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

// Counts what the steps of one kind's entities say that they bring about. One an executor, on which it lives.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  // An entity came into memory: the counters of its types are there from now on.
  virtual void OnEntity(std::string_view namespace_name, const engine::Entity& entity) = 0;
  // A step of the entity, which has taken it, or the step that made it, has led to `records` and says
  // `happenings` (null: nothing). Called before they are durable: what is lost with a commit stays counted.
  virtual void OnStep(std::string_view namespace_name, const engine::Entity& entity,
                      const std::vector<engine::Record>& records, const engine::Happenings* happenings) = 0;
};

struct EntityKind {
  std::shared_ptr<const engine::Kind> kind;
  std::function<std::unique_ptr<StepObserver>(Metrics&)> observe;
  // Null: what is asked of such entities never leaves the process.
  std::shared_ptr<const engine::CallWire> wire = nullptr;
  // Null: `perdure inspect` shows no such entities.
  std::shared_ptr<const KindInspector> inspector = nullptr;
};

class EntityKinds {
 public:
  explicit EntityKinds(std::vector<EntityKind> kinds) : kinds_(std::move(kinds)) {}

  // Null when no such kind is known.
  const engine::Kind* Find(KindNumber number) const {
    for (const EntityKind& line : kinds_) {
      if (line.kind->number() == number) return line.kind.get();
    }
    return nullptr;
  }
  // Null when no such kind is known, or it has none.
  const engine::CallWire* WireOf(KindNumber number) const {
    for (const EntityKind& line : kinds_) {
      if (line.kind->number() == number) return line.wire.get();
    }
    return nullptr;
  }
  const std::vector<EntityKind>& lines() const { return kinds_; }

 private:
  const std::vector<EntityKind> kinds_;
};

}  // namespace perdure::server
