// The memory store's part in the contract suite, and what only it promises.
#include <atomic>
#include <catch2/catch.hpp>
#include <optional>

#include "persistence/contract/harness.h"
#include "persistence/memory/memory_store.h"

namespace perdure::persistence {
namespace contract {
namespace {

class OneFault final : public MemoryFaults {
 public:
  CommitPlan OnCommit(const Batch&) override { return {next.exchange(CommitFault::kNone), {}, {}}; }
  bool StalledLands(const Batch&, Moment moment) override {
    return moment == Moment::kFence && lands_at_fence;
  }

  std::atomic<CommitFault> next = CommitFault::kNone;  // sessions of several threads commit
  bool lands_at_fence = false;
};

class MemoryBackend final : public Backend {
 public:
  MemoryBackend() : store_(NewMemoryStore({nullptr, &fault_, nullptr, 1000})) {}

  Store& store() override { return *store_; }
  int64_t CountHistoryRows(const RunKey& key) override { return store_->CountHistoryRows(key); }
  bool HasConnection() const override { return true; }
  void LoseNextAnswer(Loss loss) override {
    fault_.next = loss == Loss::kLanded ? MemoryFaults::CommitFault::kUnknownLanded
                                        : MemoryFaults::CommitFault::kUnknownLost;
  }
  void StallNextBatch() override {
    fault_.next = MemoryFaults::CommitFault::kUnknownStalls;
    fault_.lands_at_fence = (++stalls_ % 2) == 0;
  }
  void ReleaseStalledBatch() override {}
  // The suite writes two batches between these.
  void Save() override {}
  void GoBack() override { REQUIRE(store_->LoseLastBatches(2) == 2); }

 private:
  OneFault fault_;
  std::unique_ptr<MemoryStore> store_;
  static inline int stalls_ = 0;
};

}  // namespace

std::unique_ptr<Backend> NewBackend() { return std::make_unique<MemoryBackend>(); }

}  // namespace contract
}  // namespace perdure::persistence
