#include "tests/simulation/part_store.h"

#include <optional>
#include <utility>
#include <vector>

#include "server/history/testing/forwarding_session.h"

namespace perdure::simulation {

using persistence::FencedWriter;

// Where a store asks for the tenure inside of its transaction, this asks before it and after it. Between them
// a node may take shards that are another's by then; it never serves them, and the other one, whose writer
// was fenced by that, takes them again.
class PartStore::Session final : public server::testing::ForwardingSession {
 public:
  Session(std::unique_ptr<persistence::Session> shared, std::unique_ptr<persistence::Session> leases)
      : ForwardingSession(std::move(shared)), leases_(std::move(leases)) {}

  void ActFor(const std::optional<persistence::Tenure>& tenure) override { leases_->ActFor(tenure); }

  void Fence(uint32_t writer_id, Callback<FencedWriter> done) override {
    leases_->Fence(writer_id, [this, writer_id,
                               done = std::move(done)](const absl::StatusOr<FencedWriter>& owns) mutable {
      if (!owns.ok()) return std::move(done)(owns.status());
      behind().Fence(writer_id, std::move(done));
    });
  }

  void TakeShards(const persistence::Writer& writer, std::vector<ShardId> shards,
                  Callback<bool> done) override {
    behind().TakeShards(
        writer, std::move(shards),
        [this, writer_id = writer.id, done = std::move(done)](const absl::StatusOr<bool>& taken) mutable {
          if (!taken.ok()) return std::move(done)(taken);
          leases_->Fence(writer_id,
                         [done = std::move(done)](const absl::StatusOr<FencedWriter>& owns) mutable {
                           if (!owns.ok()) return std::move(done)(owns.status());
                           std::move(done)(true);
                         });
        });
  }

 private:
  const std::unique_ptr<persistence::Session> leases_;
};

std::unique_ptr<persistence::Session> PartStore::OpenSession(Executor& home) {
  return std::make_unique<Session>(shared_.OpenSession(home), leases_->OpenSession(home));
}

}  // namespace perdure::simulation
