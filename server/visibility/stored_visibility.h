// Visibility over a store's session.
// Lifetime: session and executor outlive it, and the executor runs nothing of it after it is gone (stop the
// executor first).
#pragma once

#include "base/executor.h"
#include "server/visibility/visibility.h"

namespace perdure::server {

class StoredVisibility final : public Visibility {
 public:
  StoredVisibility(persistence::Session& session, Executor& executor)
      : session_(session), executor_(executor) {}

  void List(persistence::VisibilityQuery query,
            persistence::Callback<persistence::VisibilityPage> done) override;
  void Count(persistence::VisibilityQuery query,
             persistence::Callback<std::vector<persistence::CountGroup>> done) override;

 private:
  persistence::Session& session_;
  Executor& executor_;
};

}  // namespace perdure::server
