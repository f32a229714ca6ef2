// Lists and counts of runs, as the frontend asks for them.
//
// Thread safety: any thread; callbacks run on the executor that reads, exactly once, never inside the call.
// Guarantee: sees everything that was acknowledged before it was asked.
#pragma once

#include <vector>

#include "persistence/store.h"
#include "persistence/visibility_query.h"

namespace perdure::server {

class Visibility {
 public:
  virtual ~Visibility() = default;
  virtual void List(persistence::VisibilityQuery query,
                    persistence::Callback<persistence::VisibilityPage> done) = 0;
  virtual void Count(persistence::VisibilityQuery query,
                     persistence::Callback<std::vector<persistence::CountGroup>> done) = 0;
};

}  // namespace perdure::server
