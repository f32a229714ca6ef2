// The contract of every durable entity (DESIGN, section 3): an entity is folded from its log. Class Entity is
// one in memory; class Kind makes them. A kind is a folder here, and a line in the registry of kinds that a
// server is started with: what holds entities (host, cache, loader, batcher, wakes, store, inspect) names
// none.
//
// Everything here is a pure function of its arguments: no clock, thread, socket, database or own random
// source. Invariant: after a step an entity's durable part equals the one before with the decision's records
// applied. Entities are not thread-safe; kinds are immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/random.h"
#include "engine/message.h"
#include "engine/search_attributes.h"

namespace perdure::engine {

// A namespace as the rules see it.
struct NamespaceSettings {
  Uuid id;
  std::string name;
  absl::Duration retention = absl::Hours(72);
  // Custom search attributes; never null.
  std::shared_ptr<const SearchAttributeTypes> search_attributes = std::make_shared<SearchAttributeTypes>();
  limits::PerNamespace limits;
  bool eager_workflow_start = true;
  bool eager_activities = true;
  // It was deleted, and its entities are being removed: it takes no new ones, and from outside it is gone.
  bool leaving = false;
  // Checksums of workers' binaries that may not complete workflow tasks.
  std::vector<std::string> bad_binaries = {};
};

// Which namespaces there are, for what one entity asks of another.
class NamespaceDirectory {
 public:
  virtual ~NamespaceDirectory() = default;
  // Nullopt when there is no such namespace.
  virtual std::optional<Uuid> IdOf(std::string_view name) const = 0;
};

class Request;

// A caller whose request has no answer yet. What waits here is in memory alone: a crash, a lost lease or a
// refused commit answers it UNAVAILABLE, and the entity is told of none of them, nor of a caller that gives
// up: its token is missing from then on.
struct Waiter {
  uint64_t token = 0;                // no other caller of this process has it, or had it
  const Request* request = nullptr;  // never null
};

struct Context {
  absl::Time now;  // never before the entity's last event; the host sees to it
  Random& random;
  const NamespaceSettings& settings;
  // Null: only the entity's own namespace is known.
  const NamespaceDirectory* namespaces = nullptr;
  // Commands may name another namespace (children, signals, cancels); a setting of the server.
  bool cross_namespace_commands = false;
  // Who waits for this entity, in the order in which they came; nobody in most steps.
  absl::Span<const Waiter> waiters = {};
  // By which the caller of the request that is decided may wait: a null reply says that it does. 0: it is
  // answered now.
  uint64_t token = 0;
};

// One row of the log.
struct Record {
  int64_t first_event_id = 0;  // of the first event, or the next free id when there are none
  int32_t event_count = 0;
  std::string events;   // each event framed as field 1 of temporal.api.history.v1.History, in order
  std::string changes;  // serialized perdure.engine.Changes
  // Its place in the log. Rows without events go once a snapshot covers them, so places may be missing; event
  // ids never are.
  int64_t sequence = 0;
};

enum class TaskKind { kWorkflow, kActivity };

// A task that a worker should take. The same (kind, scheduled_event_id, attempt, queue) is the same dispatch.
struct Dispatch {
  TaskKind kind = TaskKind::kWorkflow;
  std::string task_queue;
  // The queue to which it goes back when a sticky queue's worker is gone; equals task_queue on normal queues.
  std::string normal_task_queue;
  bool sticky = false;
  int64_t scheduled_event_id = 0;
  int32_t attempt = 1;
  absl::Time scheduled_time;
  int32_t priority_key = 3;  // 1 is first; 3 is the default

  friend bool operator==(const Dispatch&, const Dispatch&) = default;
};

// What follows from a state alone. The host compares it with what it last did for the run: recovery is the
// same path.
struct Obligations {
  std::vector<Dispatch> dispatches;  // in order of (kind, scheduled_event_id)
  // The earliest time at which FireTimers would change something; of a closed run also when its row lets it
  // go.
  std::optional<absl::Time> next_timer;
  // What the entity owes others, open or closed; in order of their keys.
  std::vector<OwedMessage> messages;
};

// ---- requests and replies

// Names a dispatch within its run.
struct DispatchName {
  TaskKind kind = TaskKind::kWorkflow;
  int64_t scheduled_event_id = 0;
  int32_t attempt = 1;
};

// What is asked of an entity; each kind has its own types behind it.
class Request {
 public:
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  virtual ~Request() = default;

  // What a worker did, or an operator's way out of overload: it is admitted before calls.
  virtual bool IsAnswer() const { return false; }
  // Of what a client sent, for the bound on waiting bytes.
  virtual size_t Bytes() const { return 0; }
  // The dispatch that matching starts by this request, or gives back: it need not be withdrawn.
  virtual std::optional<DispatchName> Dispatched() const { return std::nullopt; }
  // It ends the entity, whatever that is: it may be asked of what is left of one that cannot be folded.
  virtual bool EndsUnfoldable() const { return false; }
  // It asks for a run that begins as this one did (Kind::BeginRewind), and is not decided.
  virtual bool Rewinds() const { return false; }
};
using RequestPtr = std::unique_ptr<Request>;

// Asks for a new run of an id.
class StartRequest : public Request {
 public:
  virtual const std::string& id() const = 0;
  // Whether the start says what becomes of a current run that cannot be read.
  virtual bool MayReplaceUnfoldable() const = 0;
  Uuid run_id;  // minted by the host
};

struct EventRange {
  int64_t first = 1;
  int64_t last = 0;  // before `first`: none
  // The reply shows nothing that no record holds: what is volatile stays so.
  bool recorded = false;
};

class Entity;

class Reply {
 public:
  Reply() = default;
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  virtual ~Reply() = default;

  // The run that took the request; the reply tells it if it has room for that.
  virtual void SetRun(const Uuid& /*run_id*/) {}
  // The durable events that the host fills in; nullopt when the reply shows none.
  virtual std::optional<EventRange> WantsEvents() { return std::nullopt; }
  // Their first page, framed as Record::events, and the first event of the next page (0: none).
  // NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides it keeps the page.
  virtual void SetEvents(std::string /*page*/, int64_t /*next_page_from*/) {}
  // What `entity` held back for this reply was made durable: it stands in the log now.
  virtual void OnHardened(const Entity& /*entity*/) {}
};
using ReplyPtr = std::unique_ptr<Reply>;

// ---- entities

// What a step says of its entity to those who count or log it, or follow what becomes of it: each kind has
// its own closed set behind this, which the observer of the kind knows (server/history/entity_kinds.h).
class Happenings {
 public:
  Happenings() = default;
  Happenings(const Happenings&) = delete;
  Happenings& operator=(const Happenings&) = delete;
  virtual ~Happenings() = default;
};
using HappeningsPtr = std::unique_ptr<const Happenings>;

// The run that follows on one, of the same kind and id: it takes the id. Its records land in one commit with
// those of the decision that brings it.
struct NextEntity {
  std::unique_ptr<Entity> entity;
  std::vector<Record> records;
  HappeningsPtr happenings = nullptr;  // of its first step
};

// To one of Context::waiters, which waits no more.
struct WaiterAnswer {
  uint64_t token = 0;
  absl::StatusOr<ReplyPtr> reply;  // never null
};

// What a step brings about besides the entity's new state.
struct Decision {
  std::vector<Record> records;  // to be appended in this order, in one commit
  // What the caller gets once the records are durable; null where nobody asked, or who did waits
  // (Context::token). An error may come with records.
  absl::StatusOr<ReplyPtr> reply = ReplyPtr();
  std::optional<NextEntity> next = std::nullopt;
  bool row_changed = false;            // Row() tells something new
  HappeningsPtr happenings = nullptr;  // null: nothing to tell
  // What others get who wait, once the records are durable.
  std::vector<WaiterAnswer> answers = {};
};

// What became of a message that an entity was given, and the decision that it led to.
struct MessageDecision {
  Decision decision;  // without a reply
  // An error is no answer: the message is sent again.
  absl::StatusOr<perdure::engine::MessageAnswer> answer;
};

// What lists and filters see of an entity. What the columns are called stands with its kind.
struct EntityRow {
  int32_t status = 0;  // as the kind numbers them
  std::string type;
  std::string queue;
  absl::Time start_time;
  absl::Time execution_time;
  std::optional<absl::Time> close_time;
  // From then on it may be removed; nullopt while it is open, owes something, or is referred to.
  std::optional<absl::Time> delete_at;
  int64_t history_length = 0;      // as of close, 0 while open
  int64_t history_size_bytes = 0;  // as of close, 0 while open
  int64_t state_transition_count = 0;
  std::string memo;               // serialized temporal.api.common.v1.Memo
  std::string search_attributes;  // serialized temporal.api.common.v1.SearchAttributes
  std::string extra;              // what a list shows besides, as the kind has it
  std::optional<NamedRun> parent;
  std::optional<NamedRun> root;             // nullopt: it is its own
  std::vector<std::string> search_entries;  // of search_attributes (search_values.h)
};

struct LogPosition {
  int64_t next_event_id = 1;
  int64_t last_sequence = 0;
  int64_t event_bytes = 0;  // of all its events
};

class Kind;

class Entity {
 public:
  Entity() = default;
  Entity& operator=(const Entity&) = delete;
  virtual ~Entity() = default;

  virtual const Kind& kind() const = 0;
  virtual const Uuid& namespace_id() const = 0;
  virtual const std::string& id() const = 0;
  virtual const Uuid& run_id() const = 0;
  virtual absl::Time start_time() const = 0;
  virtual bool IsOpen() const = 0;
  virtual LogPosition log() const = 0;

  // --- steps: they change the entity in place, open or closed
  virtual Decision Decide(const Request& request, const Context& context) = 0;
  // Whatever is due at Context::now. Does nothing when nothing is.
  virtual Decision FireTimers(const Context& context) = 0;
  // Makes what is volatile durable, because somebody is about to be shown it.
  virtual Decision Harden(const Context& context) = 0;
  // Another entity's message, which names this run.
  virtual MessageDecision Receive(const perdure::engine::Message& message, const Context& context) = 0;
  // What became of messages that it owes. One that is not owed any more changes nothing.
  virtual Decision Settle(std::vector<MessageOutcome> outcomes, const Context& context) = 0;

  // Folds one stored record. DATA_LOSS when it does not follow on the state: that is unusable then.
  virtual absl::Status Apply(const Record& record) = 0;

  // --- what it owes the world
  virtual Obligations Owed() const = 0;
  // The same of what a crash would leave: of the durable part alone.
  virtual Obligations DurablyOwed() const = 0;
  // REQUIRES: the message is owed. `own`: of its namespace.
  virtual perdure::engine::Message MessageOf(const MessageKey& key, const NamespaceSettings& own) const = 0;

  // --- what is asked of it without a step
  virtual absl::StatusOr<ReplyPtr> Read(const Request& request, absl::Time now) const = 0;
  // It holds something that no record holds: it stays in memory.
  virtual bool HasVolatile() const = 0;
  // A client has deleted it: it is closed, nobody but those who sent it messages is told of it, and its id is
  // nobody's. It stays until it owes nothing.
  virtual bool IsDeleted() const { return false; }
  // Events behind the durable ones that a reader is shown, framed as Record::events.
  virtual std::string VolatileEvents() const { return {}; }
  // Context::now of the next step is never before it.
  virtual absl::Time EarliestNow() const = 0;
  virtual EntityRow Row() const = 0;
  // The durable part. Equal durable parts encode to equal bytes.
  virtual std::string EncodeSnapshot() const = 0;
  // No more than what EncodeSnapshot gives, and quick.
  virtual size_t LeastSnapshotBytes() const = 0;
  // A rough figure of the memory that it holds.
  virtual size_t ApproximateBytes() const = 0;
  virtual std::unique_ptr<Entity> Clone() const = 0;

 protected:
  Entity(const Entity&) = default;
};

// What the store tells of a run without its fold.
struct Remains {
  Uuid namespace_id;
  std::string id;
  Uuid run_id;
  std::unique_ptr<Entity>
      folded;  // the longest beginning of its log that folds; null: not even its first record
  int32_t status = 0;
  std::string type;
  std::string queue;
  absl::Time start_time;
  std::optional<absl::Time> close_time;
  LogPosition log{2, 1, 0};  // of the whole log
};

// A run that begins as another one did, its base, up to an event, and takes the id from whoever has it. It is
// made of what it reads in its base's log, and in those of runs that followed on that: whoever drives it
// gives it each log that it wants from there to the end, may store the records that it has ready, and at last
// has it end the run that has the id and tell the base. What it has read must be all that there is then.
//
// Not thread-safe; refers to nothing.
class Rewind {
 public:
  struct Place {
    Uuid run_id;
    int64_t next_event_id = 1;  // that it has not read
  };
  virtual ~Rewind() = default;

  // Where it reads on, as long as there is more to read: at the end of a log it may be elsewhere, in that of
  // the run that follows. Nullopt: it has all that it wants.
  virtual std::optional<Place> Wants() const = 0;
  // A record of that log, which holds the wanted event; events before it are passed over. An error is its
  // caller's answer, and the end.
  virtual absl::Status Read(const Record& record, const Context& context) = 0;
  // There is no such run: an error when that is the base.
  virtual absl::Status Missing() = 0;
  // Whether what was asked for can be done. An error is its caller's answer.
  virtual absl::Status Check() const = 0;
  // The records of the new run that are complete and were not taken before.
  virtual std::vector<Record> TakeReady() = 0;
  // What all records that were taken fold to.
  virtual const Entity& entity() const = 0;

  // What becomes of the run that has the id, of the base, or of the run that is both. Without a reply.
  virtual Decision Leave(Entity& run, const Context& context) const = 0;
  // The new run, with the records that were not taken, after `current` has left (null: nobody had the id).
  // REQUIRES: Check is OK. Called once, at last.
  virtual NextEntity Finish(const Entity* current, const Context& context) = 0;
  // What its caller gets then.
  virtual ReplyPtr Answer() const = 0;
};

class Kind {
 public:
  virtual ~Kind() = default;

  // As keys carry it: it is never given to another kind.
  virtual KindNumber number() const = 0;
  virtual std::string_view name() const = 0;

  // One that its first record is to be applied to.
  virtual std::unique_ptr<Entity> New() const = 0;
  virtual absl::StatusOr<std::unique_ptr<Entity>> Decode(std::string_view snapshot) const = 0;

  // A start meets who has the id (null: nobody), which is changed in place and to which the decision's
  // records belong: it may answer, write to it, end it, or make the next run. REQUIRES: a StartRequest of
  // this kind.
  virtual Decision Start(Entity* current, const StartRequest& start, const Context& context) const = 0;
  // The same of a message: one that starts a run, or (current: null) one whose target is not there.
  virtual MessageDecision Receive(Entity* current, const perdure::engine::Message& message,
                                  const Context& context) const = 0;
  // The run that the message starts, by the id that its sender minted; nullopt when it starts none.
  virtual std::optional<Uuid> StartedRun(const perdure::engine::Message& message) const = 0;
  // The answer to a message that starts a run which is there, whoever has its id now.
  virtual perdure::engine::MessageAnswer Repeated(const perdure::engine::Message& message) const = 0;

  // One that takes requests which EndsUnfoldable, and starts; it owes nothing.
  virtual std::unique_ptr<Entity> Salvage(Remains remains) const = 0;

  // A request that ends an entity, if it is open, and lets its rows go. Null: this kind has none, and its
  // entities go by retention alone.
  virtual RequestPtr Removal() const { return nullptr; }

  // A request that Rewinds meets its base and whoever has the id (null: nobody): the rewind, or a reply that
  // repeats an earlier one. `run_id`: of the new run.
  struct RewindDecision {
    std::unique_ptr<Rewind> rewind;
    ReplyPtr repeated;
  };
  virtual absl::StatusOr<RewindDecision> BeginRewind(const Entity& base, const Entity* current,
                                                     const Request& request, const Uuid& run_id) const {
    (void)base, (void)current, (void)request, (void)run_id;
    return absl::UnimplementedError("no run of this kind begins as another did");
  }

  // NOT_FOUND, as this kind's clients know it. `run_id`: nullopt when the current run was asked for.
  virtual absl::Status NoSuch(const std::string& id, const std::optional<Uuid>& run_id) const = 0;
};

}  // namespace perdure::engine
