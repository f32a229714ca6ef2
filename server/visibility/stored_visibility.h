// Visibility over a store's session. So many lists run at a time, and of one namespace so many
// (list_turns.h). One that takes long, its wait included, makes a line in the log and is counted.
//
// Lifetime: what it is given outlives it, and the executor runs nothing of it after it is gone (stop the
// executor first).
#pragma once

#include <string_view>

#include "base/executor.h"
#include "server/cluster/namespace_registry.h"
#include "server/metrics/metrics.h"
#include "server/visibility/list_turns.h"
#include "server/visibility/visibility.h"

namespace perdure::server {

class StoredVisibility final : public Visibility {
 public:
  StoredVisibility(persistence::Session& session, Executor& executor, const NamespaceRegistry& namespaces,
                   Metrics& metrics, ListTurns::Options options);

  void List(persistence::VisibilityQuery query,
            persistence::Callback<persistence::VisibilityPage> done) override;
  void Count(persistence::VisibilityQuery query,
             persistence::Callback<std::vector<persistence::CountGroup>> done) override;

 private:
  // Calls `ask` with the query when its turn has come. `operation` is a constant.
  template <typename T, typename Ask>
  void InTurn(std::string_view operation, persistence::VisibilityQuery query, persistence::Callback<T> done,
              Ask ask);
  // On the executor. `waited`: until its turn came.
  void Report(std::string_view operation, const Uuid& name_space, absl::Duration waited, absl::Duration took,
              const absl::Status& status);

  persistence::Session& session_;
  Executor& executor_;
  const NamespaceRegistry& namespaces_;
  ListTurns turns_;
  Counter& slow_lists_;
  Counter& slow_counts_;
  Counter& refused_;
  Gauge& waiting_;
};

}  // namespace perdure::server
