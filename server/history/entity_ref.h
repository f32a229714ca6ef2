// Names a run of an entity. A value; safe anywhere.
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"

namespace perdure::server {

struct EntityRef {
  Uuid namespace_id;
  std::string id;
  std::optional<Uuid> run_id;  // nullopt: the current run
  KindNumber kind = 1;         // a workflow
};
using RunRef = EntityRef;

}  // namespace perdure::server
