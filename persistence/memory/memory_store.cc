#include "persistence/memory/memory_store.h"

#include <functional>
#include <list>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/mutex.h"
#include "persistence/mailbox.h"
#include "persistence/memory/tables.h"

namespace perdure::persistence {
namespace {

// What all sessions share: the tables, and batches whose client no longer knows of them.
class Core {
 public:
  explicit Core(const MemoryStoreOptions& options)
      : faults_(options.faults), tables_(options.remembered_transactions) {}

  template <typename Operation>
  auto Run(Operation operation) {
    const MutexLock lock(mutex_);
    LandSome();
    return operation(tables_);
  }

  void Stall(Batch batch) {
    const MutexLock lock(mutex_);
    stalled_.push_back(std::move(batch));
  }

  absl::StatusOr<FencedWriter> Fence(uint32_t writer_id, const std::optional<Tenure>& tenure) {
    return Run([&](MemoryTables& tables) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      Settle(writer_id);
      return tables.Fence(writer_id, tenure);
    });
  }

  absl::Status TakeShards(const Writer& writer, const std::vector<ShardId>& shards,
                          const std::optional<Tenure>& tenure) {
    return Run([&](MemoryTables& tables) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      for (const uint32_t other : tables.OtherOwners(writer.id, shards)) Settle(other);
      return tables.TakeShards(writer, shards, tenure);
    });
  }

  size_t LoseLastBatches(size_t count) {
    const MutexLock lock(mutex_);
    stalled_.clear();
    const size_t lost = tables_.LoseLastBatches(count);
    for (const auto& [session, tell] : sessions_) tell();
    return lost;
  }

  // `lost` is called, on any thread, when what the session is connected to is another server from now on.
  void Connect(const void* session, std::function<void()> lost) {
    const MutexLock lock(mutex_);
    sessions_.emplace_back(session, std::move(lost));
  }
  void Disconnect(const void* session) {
    const MutexLock lock(mutex_);
    std::erase_if(sessions_, [session](const auto& entry) { return entry.first == session; });
  }

 private:
  void LandSome() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (auto batch = stalled_.begin(); batch != stalled_.end();) {
      if (!faults_->StalledLands(*batch, MemoryFaults::Moment::kOperation)) {
        ++batch;
        continue;
      }
      tables_.Commit(*batch);  // nobody is left to hear how it went
      batch = stalled_.erase(batch);
    }
  }

  // A batch of the fenced writer lands before the fence, or never.
  void Settle(uint32_t writer_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (auto batch = stalled_.begin(); batch != stalled_.end();) {
      if (batch->writer.id != writer_id) {
        ++batch;
        continue;
      }
      if (faults_->StalledLands(*batch, MemoryFaults::Moment::kFence)) tables_.Commit(*batch);
      batch = stalled_.erase(batch);
    }
  }

  Mutex mutex_;
  MemoryFaults* const faults_;
  MemoryTables tables_ ABSL_GUARDED_BY(mutex_);
  std::list<Batch> stalled_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<const void*, std::function<void()>>> sessions_
      ABSL_GUARDED_BY(mutex_);  // in order of opening
};

class MemorySession final : public Session {
 public:
  MemorySession(Executor& home, const MemoryStoreOptions& options, Core& core)
      : home_(home),
        faults_(options.faults),
        clock_(options.clock),
        core_(core),
        mailbox_(std::make_shared<Mailbox>(home, options.observer)) {}

  ~MemorySession() override {
    for (const Executor::TimerId timer : timers_) home_.Cancel(timer);
    core_.Disconnect(this);
    mailbox_->Close();
  }

  void ActFor(const std::optional<Tenure>& tenure) override { tenure_ = tenure; }

  void OnDisconnect(absl::AnyInvocable<void()> lost) override {
    core_.Connect(this, mailbox_->Listen(std::move(lost)));
  }

  void Fence(uint32_t writer_id, Callback<FencedWriter> done) override {
    Answer<FencedWriter>("Fence", std::move(done),
                         [this, writer_id, tenure = tenure_] { return core_.Fence(writer_id, tenure); });
  }

  void AskWriter(uint32_t writer_id, Callback<FencedWriter> done) override {
    Read("AskWriter", std::move(done),
         [writer_id](const MemoryTables& tables) { return tables.AskWriter(writer_id); });
  }

  void TakeShards(const Writer& writer, std::vector<ShardId> shards, Callback<bool> done) override {
    Answer<bool>("TakeShards", std::move(done), [this, writer, shards = std::move(shards), tenure = tenure_] {
      return TrueOr(core_.TakeShards(writer, shards, tenure));
    });
  }

  void Commit(Batch batch, absl::AnyInvocable<void(CommitResult) &&> done) override {
    const auto plan = faults_ == nullptr ? MemoryFaults::CommitPlan{} : faults_->OnCommit(batch);
    auto reply = mailbox_->Expect<CommitResult>("Commit", std::move(done));
    After(plan.before, [this, plan, batch = std::move(batch), reply = std::move(reply)]() mutable {
      CommitResult result = Take(std::move(batch), plan.fault);
      After(plan.after, [reply = std::move(reply), result = std::move(result)]() mutable {
        std::move(reply).Send(std::move(result));
      });
    });
  }

  void LoadRuns(LoadQuery query, Callback<std::vector<StoredRun>> done) override {
    Read("LoadRuns", std::move(done),
         [query = std::move(query)](const MemoryTables& tables) { return tables.LoadRuns(query); });
  }

  void FindCurrentRuns(std::vector<EntityKey> keys,
                       Callback<std::vector<std::optional<Uuid>>> done) override {
    Read("FindCurrentRuns", std::move(done), [keys = std::move(keys)](const MemoryTables& tables) {
      std::vector<std::optional<Uuid>> runs;
      for (const EntityKey& key : keys) runs.push_back(tables.FindCurrentRun(key));
      return runs;
    });
  }

  void ReadHistory(HistoryQuery query, Callback<std::vector<HistoryRow>> done) override {
    Read("ReadHistory", std::move(done),
         [query](const MemoryTables& tables) { return tables.ReadHistory(query); });
  }

  void ReadWakes(WakeQuery query, Callback<std::vector<WakeRow>> done) override {
    Read("ReadWakes", std::move(done),
         [query](const MemoryTables& tables) { return tables.ReadWakes(query); });
  }

  void ListExecutions(VisibilityQuery query, Callback<VisibilityPage> done) override {
    Answer<VisibilityPage>("ListExecutions", std::move(done),
                           [this, query = std::move(query)] { return ListOf(Listed(query), query, home_); });
  }

  void CountExecutions(VisibilityQuery query, Callback<std::vector<CountGroup>> done) override {
    // A count has no pages.
    query.page_size = 0;
    query.after.reset();
    Answer<std::vector<CountGroup>>("CountExecutions", std::move(done), [this, query = std::move(query)] {
      return CountOf(Listed(query), query, home_);
    });
  }

  void RenewLease(const NodeRow& node, absl::Duration duration, Callback<LeaseAnswer> done) override {
    Answer<LeaseAnswer>("RenewLease", std::move(done), [this, node, duration] {
      const absl::Time now = clock_ ? clock_() : home_.Now();
      return core_.Run([&](MemoryTables& tables) { return tables.RenewLease(node, now, duration); });
    });
  }

  void EndLease(const Uuid& incarnation, Callback<bool> done) override {
    Answer<bool>("EndLease", std::move(done), [this, incarnation] {
      core_.Run([&](MemoryTables& tables) { tables.EndLease(incarnation); });
      return true;
    });
  }

  void PutNamespace(NamespaceRow row, int64_t expected_version, Callback<bool> done) override {
    Answer<bool>("PutNamespace", std::move(done), [this, row = std::move(row), expected_version] {
      return TrueOr(
          core_.Run([&](MemoryTables& tables) { return tables.PutNamespace(row, expected_version); }));
    });
  }

  void RemoveNamespace(const Uuid& id, int64_t expected_version, Callback<bool> done) override {
    Answer<bool>("RemoveNamespace", std::move(done), [this, id, expected_version] {
      return core_.Run([&](MemoryTables& tables) { return tables.RemoveNamespace(id, expected_version); });
    });
  }

  void ListNamespaces(Callback<std::vector<NamespaceRow>> done) override {
    Read("ListNamespaces", std::move(done),
         [](const MemoryTables& tables) { return tables.ListNamespaces(); });
  }

  void ClusterId(const Uuid& candidate, Callback<Uuid> done) override {
    Answer<Uuid>("ClusterId", std::move(done), [this, candidate] {
      return core_.Run([&](MemoryTables& tables) { return tables.ClusterId(candidate); });
    });
  }

 private:
  static absl::StatusOr<bool> TrueOr(absl::Status status) {
    if (!status.ok()) return status;
    return true;
  }

  std::vector<ListedRow> Listed(const VisibilityQuery& query) {
    return core_.Run([&](const MemoryTables& tables) { return tables.Listed(query); });
  }

  CommitResult Take(Batch batch, MemoryFaults::CommitFault fault) {
    auto apply = [&] { return core_.Run([&](MemoryTables& tables) { return tables.Commit(batch); }); };
    switch (fault) {
      case MemoryFaults::CommitFault::kNone:
        return apply();
      case MemoryFaults::CommitFault::kFails:
        return {CommitOutcome::kFailed, "an injected failure"};
      case MemoryFaults::CommitFault::kUnknownLanded:
        apply();
        break;
      case MemoryFaults::CommitFault::kUnknownLost:
        break;
      case MemoryFaults::CommitFault::kUnknownStalls:
        core_.Stall(std::move(batch));
        break;
    }
    return {CommitOutcome::kUnknown, "an injected loss of the connection"};
  }

  template <typename T, typename Operation>
  void Answer(std::string_view name, Callback<T> done, Operation operation) {
    const auto plan = faults_ == nullptr ? MemoryFaults::ReadPlan{} : faults_->OnOperation(name);
    auto reply = mailbox_->Expect<absl::StatusOr<T>>(name, std::move(done));
    After(plan.delay, [plan, operation = std::move(operation), reply = std::move(reply)]() mutable {
      if (plan.fails) {
        std::move(reply).Send(absl::UnavailableError("an injected failure"));
      } else {
        std::move(reply).Send(operation());
      }
    });
  }

  template <typename T, typename Query>
  void Read(std::string_view name, Callback<T> done, Query query) {
    Answer<T>(name, std::move(done), [this, query = std::move(query)] {
      return core_.Run([&](const MemoryTables& tables) { return query(tables); });
    });
  }

  template <typename Step>
  void After(absl::Duration delay, Step step) {
    if (delay <= absl::ZeroDuration()) {
      step();
      return;
    }
    auto timer = std::make_shared<Executor::TimerId>(Executor::kNoTimer);
    *timer = home_.RunAfter(delay, [this, timer, step = std::move(step)]() mutable {
      timers_.erase(*timer);
      step();
    });
    timers_.insert(*timer);
  }

  Executor& home_;
  MemoryFaults* const faults_;
  const std::function<absl::Time()> clock_;
  Core& core_;
  std::optional<Tenure> tenure_;
  absl::flat_hash_set<Executor::TimerId> timers_;
  const std::shared_ptr<Mailbox> mailbox_;
};

class MemoryStoreImpl final : public MemoryStore {
 public:
  explicit MemoryStoreImpl(MemoryStoreOptions options) : options_(std::move(options)), core_(options_) {}

  std::unique_ptr<Session> OpenSession(Executor& home) override {
    return std::make_unique<MemorySession>(home, options_, core_);
  }

  size_t LoseLastBatches(size_t count) override { return core_.LoseLastBatches(count); }
  int64_t CountHistoryRows(const RunKey& key) override {
    return core_.Run([&](const MemoryTables& tables) { return tables.CountHistoryRows(key); });
  }
  std::string Contents() override {
    return core_.Run([](const MemoryTables& tables) { return tables.Contents(); });
  }

 private:
  const MemoryStoreOptions options_;
  Core core_;
};

}  // namespace

std::unique_ptr<MemoryStore> NewMemoryStore(MemoryStoreOptions options) {
  return std::make_unique<MemoryStoreImpl>(std::move(options));
}

}  // namespace perdure::persistence
