// A store that refuses the data of chosen runs, as a database does that cannot take a value, or cannot
// understand what it has of them.
// Thread safety: as the store behind it; `refuses` and `unreadable` are called on the sessions' executors.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "persistence/store.h"

namespace perdure::server::testing {

class RefusingStore final : public persistence::Store {
 public:
  using Refuses = std::function<bool(const persistence::RunWrite&)>;

  // `behind` outlives it.
  explicit RefusingStore(persistence::Store& behind) : behind_(behind) {}

  std::unique_ptr<persistence::Session> OpenSession(Executor& home) override;

  using Unreadable = std::function<bool(const persistence::RunKey&)>;

  Refuses refuses;        // none by default
  Unreadable unreadable;  // none by default; a query that asks for one is INTERNAL as a whole
  int refused_batches = 0;

 private:
  class Session;
  persistence::Store& behind_;
};

}  // namespace perdure::server::testing
