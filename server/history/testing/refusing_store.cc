#include "server/history/testing/refusing_store.h"

#include <algorithm>
#include <vector>

#include "server/history/testing/forwarding_session.h"

namespace perdure::server::testing {

class RefusingStore::Session final : public ForwardingSession {
 public:
  Session(RefusingStore& store, Executor& home, std::unique_ptr<persistence::Session> behind)
      : ForwardingSession(std::move(behind)), store_(store), home_(home) {}

  void Commit(persistence::Batch batch,
              absl::AnyInvocable<void(persistence::CommitResult) &&> done) override {
    for (const persistence::WriteGroup& group : batch.groups) {
      for (const persistence::RunWrite& write : group.runs) {
        if (!store_.refuses || !store_.refuses(write)) continue;
        ++store_.refused_batches;
        home_.Post([done = std::move(done)]() mutable {
          std::move(done)({persistence::CommitOutcome::kRefused, "invalid byte sequence"});
        });
        return;
      }
    }
    behind().Commit(std::move(batch), std::move(done));
  }

  void LoadRuns(persistence::LoadQuery query, Callback<std::vector<persistence::StoredRun>> done) override {
    if (store_.unreadable && std::any_of(query.keys.begin(), query.keys.end(), store_.unreadable)) {
      home_.Post(
          [done = std::move(done)]() mutable { std::move(done)(absl::InternalError("malformed data")); });
      return;
    }
    behind().LoadRuns(std::move(query), std::move(done));
  }

 private:
  RefusingStore& store_;
  Executor& home_;
};

std::unique_ptr<persistence::Session> RefusingStore::OpenSession(Executor& home) {
  return std::make_unique<Session>(*this, home, behind_.OpenSession(home));
}

}  // namespace perdure::server::testing
