// The store: where the rows of shards live. It keeps bytes and the few columns that are searched, and knows
// nothing of what it keeps. Implementations: memory/, sqlite/, postgres/; one contract suite (contract/) runs
// against all.
//
// Thread safety: a Session belongs to the executor that it was opened with: its methods are called there, and
// every callback is posted there, never run inside the call. A Store may be used from any thread.
//
// End: destroying a session destroys the callbacks that have not run; a batch that was sent may still land.
//
// Order: a session's commits take effect in the order of the calls; a read that is issued after a commit's
// callback sees that commit. A read issued while a commit is in flight may or may not see it.
//
// Errors: reads and fencing answer UNAVAILABLE when the database cannot be reached or the outcome is unknown
// (repeat them), INTERNAL when stored data cannot be understood, FAILED_PRECONDITION when somebody must
// repair the database; lists and counts DEADLINE_EXCEEDED at their time limit. Their messages are fit for
// clients: a database's own words, which may name hosts and users, go to the StoreObserver. Commit has its
// own outcome type.
//
// Units: times in microseconds of the wall clock inside the database (absl::Time here, truncated), sizes in
// bytes. Text is bytes: any, in any encoding, compared byte by byte.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/executor.h"
#include "base/ids.h"
#include "persistence/batch.h"
#include "persistence/node_lease.h"
#include "persistence/visibility_query.h"

namespace perdure::persistence {

template <typename T>
using Callback = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

// What a run takes in the store, for who removes it: no less than is there, the bytes of its events alone.
struct RunSize {
  int64_t last_event_id = 0;
  int64_t rows = 0;
  int64_t bytes = 0;
};

// A run is what has an execution row; history rows without one are the rest of a run that is being removed.
struct LoadQuery {
  std::vector<RunKey> keys;
  // Runs are read in the order of the keys until their snapshots and rows weigh so much: at least one that is
  // there, and the last one whole. REQUIRES: > 0
  size_t max_bytes = std::numeric_limits<size_t>::max();
  // Runs whose delete_at is then or before are not read.
  std::optional<absl::Time> due_by = std::nullopt;
};

// A stored run, as it is folded: the snapshot if there is one, then every history row after it, in order.
struct StoredRun {
  enum class Found {
    kRun,
    kNothing,  // there is no such run; `size` tells what is left of it
    kDue,      // its delete_at is not after LoadQuery::due_by; `size` is what would be removed
    kLater,    // it was not read, because the bytes were used up: ask again
  };
  RunKey key;
  Found found = Found::kNothing;
  std::optional<SnapshotRow> snapshot;
  std::vector<HistoryRow> rows;
  std::optional<absl::Time> delete_at;  // of its execution row
  RunSize size;                         // of kNothing and kDue
  bool current = false;                 // its execution row holds the id
};

// What a fenced writer finds (DESIGN, section 5).
struct FencedWriter {
  Writer writer;            // with its new epoch
  uint64_t last_batch = 0;  // the newest batch that landed for this writer, in any epoch
};

struct WakeQuery {
  // Wakes of shards owned by `writer_id` (TakeShards), strictly after `after`, in order of (at, shard, kind,
  // run).
  uint32_t writer_id = 0;
  std::optional<WakeRow> after;
  absl::Time not_after = absl::InfiniteFuture();
  size_t limit = 0;  // REQUIRES: > 0
};

struct HistoryQuery {
  RunKey key;
  // Rows that hold an event with from_event_id <= id < to_event_id, in order (or reversed), until `max_bytes`
  // of events are reached: at least one row when any qualifies. Rows without events are left out.
  int64_t from_event_id = 1;
  int64_t to_event_id = 0;
  size_t max_bytes = 0;
  bool reverse = false;
};

class Session {
 public:
  virtual ~Session() = default;

  // From now on Fence and TakeShards take effect only while this tenure is the one that owns the shards, as
  // the database says inside their transaction: FAILED_PRECONDITION otherwise. Nullopt, as at first: whoever
  // asks.
  virtual void ActFor(const std::optional<Tenure>& tenure) = 0;

  // `lost` is called at home each time after the connection of the session's own was lost. What is behind the
  // next one may be another server, that lacks what was committed: AskWriter tells. A store without
  // connections never calls it. REQUIRES: called once, before anything else.
  virtual void OnDisconnect(absl::AnyInvocable<void()> lost) = 0;

  // Takes the writer's row under its exclusive lock, raises its epoch, and returns once no batch of an
  // earlier epoch can land any more; what such a batch wrote is visible to every later read of this session.
  // Creates the row if missing.
  virtual void Fence(uint32_t writer_id, Callback<FencedWriter> done) = 0;

  // The writer's row as it is: its epoch, and its newest batch. Read over the connection that its batches
  // take, and answered before a later one is.
  virtual void AskWriter(uint32_t writer_id, Callback<FencedWriter> done) = 0;

  // Makes `writer` the owner of these shards. Every other writer that owned one of them is fenced first, in
  // the same transaction. `writer` must be fenced and current, or the answer is FAILED_PRECONDITION.
  virtual void TakeShards(const Writer& writer, std::vector<ShardId> shards, Callback<bool> done) = 0;

  // Applies the whole batch in one transaction, durable when answered. The first thing inside it is the
  // conditional update writers.batch: batch.number-1 -> batch.number for the writer's epoch; where no row
  // matches nothing lands. REQUIRES: at most one commit of a session in flight.
  virtual void Commit(Batch batch, absl::AnyInvocable<void(CommitResult) &&> done) = 0;

  // One query for many runs, as of one moment; the answer has one entry a key, in the order asked.
  virtual void LoadRuns(LoadQuery query, Callback<std::vector<StoredRun>> done) = 0;
  // The current run of each id (open, or the last one closed): nullopt where there is none.
  virtual void FindCurrentRuns(std::vector<EntityKey> keys,
                               Callback<std::vector<std::optional<Uuid>>> done) = 0;
  virtual void ReadHistory(HistoryQuery query, Callback<std::vector<HistoryRow>> done) = 0;
  virtual void ReadWakes(WakeQuery query, Callback<std::vector<WakeRow>> done) = 0;

  virtual void ListExecutions(VisibilityQuery query, Callback<VisibilityPage> done) = 0;
  virtual void CountExecutions(VisibilityQuery query, Callback<std::vector<CountGroup>> done) = 0;

  // Extends the node's lease on all shards, or takes it, and them: at once from nobody, from a node whose
  // lease has ended on the database's clock, or from an older one of the same name; else the answer says who
  // has them. Until there is a cluster one node owns all shards. See node_lease.h.
  virtual void RenewLease(const NodeRow& node, absl::Duration duration, Callback<LeaseAnswer> done) = 0;
  // Ends the node's lease, so that nobody need wait for its end. Answers true.
  virtual void EndLease(const Uuid& incarnation, Callback<bool> done) = 0;

  // Namespaces. Put inserts (expected_version 0) or replaces the row whose version is expected_version; the
  // answer is ABORTED when another version is stored and ALREADY_EXISTS when the name or id is taken.
  virtual void PutNamespace(NamespaceRow row, int64_t expected_version, Callback<bool> done) = 0;
  // Removes the row. ABORTED when another version is stored; false when there is none.
  virtual void RemoveNamespace(const Uuid& id, int64_t expected_version, Callback<bool> done) = 0;
  virtual void ListNamespaces(Callback<std::vector<NamespaceRow>> done) = 0;

  // The cluster's id, minted by whoever asks first with a fresh `candidate`.
  virtual void ClusterId(const Uuid& candidate, Callback<Uuid> done) = 0;
};

// What a store tells about its work, for metrics and the log. Called on any thread; must not block.
class StoreObserver {
 public:
  virtual ~StoreObserver() = default;
  // `operation` is a constant such as "Commit" or "LoadRuns".
  virtual void OnOperation(std::string_view operation, absl::Duration latency, bool ok) = 0;
  // What an attempt to reach the database came to; `why` is empty when it succeeded.
  virtual void OnReach(std::string_view /*why*/) {}
  // The database's own words of an operation that it refused.
  virtual void OnRefusal(std::string_view /*operation*/, std::string_view /*words*/) {}
};

class Store {
 public:
  virtual ~Store() = default;
  // The store outlives its sessions; `home` outlives the session.
  virtual std::unique_ptr<Session> OpenSession(Executor& home) = 0;
};

}  // namespace perdure::persistence
