#include "server/visibility/stored_visibility.h"

#include <utility>

namespace perdure::server {

void StoredVisibility::List(persistence::VisibilityQuery query,
                            persistence::Callback<persistence::VisibilityPage> done) {
  executor_.Post([this, query = std::move(query), done = std::move(done)]() mutable {
    session_.ListExecutions(std::move(query), std::move(done));
  });
}

void StoredVisibility::Count(persistence::VisibilityQuery query,
                             persistence::Callback<std::vector<persistence::CountGroup>> done) {
  executor_.Post([this, query = std::move(query), done = std::move(done)]() mutable {
    session_.CountExecutions(std::move(query), std::move(done));
  });
}

}  // namespace perdure::server
