#include "persistence/postgres/pg_session.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/text.h"
#include "persistence/micros.h"
#include "persistence/postgres/pg_batch.h"
#include "persistence/postgres/pg_lease.h"
#include "persistence/postgres/pg_visibility.h"
#include "persistence/postgres/statements.h"

namespace perdure::persistence {
namespace {

using Type = PgArray::Type;

constexpr char kUniqueViolation[] = "23505";
constexpr char kQueryCanceled[] = "57014";
constexpr int kFenceAttempts = 10;
constexpr absl::Duration kControlPause = absl::Milliseconds(500);

// Fit for clients: the database's words stay behind.
absl::Status StatusOf(const PgAnswer& answer) {
  switch (answer.kind) {
    case PgAnswer::Kind::kDone:
      return absl::OkStatus();
    case PgAnswer::Kind::kError:
      return absl::UnavailableError(absl::StrCat("the store refused an operation (", answer.sqlstate, ")"));
    case PgAnswer::Kind::kNotSent:
    case PgAnswer::Kind::kLost:
      break;
  }
  return absl::UnavailableError("the store does not answer");
}

absl::Status StatusOfList(const PgAnswer& answer, absl::Duration limit) {
  const bool stopped = answer.kind == PgAnswer::Kind::kError && answer.sqlstate == kQueryCanceled;
  return stopped ? TookTooLong(limit) : StatusOf(answer);
}

// Tells the database's words of what it refused, but for what some statement of ours is meant to provoke.
void TellRefusal(const PgShared& shared, std::string_view operation, const PgAnswer& answer) {
  const bool meant = answer.sqlstate == sql::kDivisionByZero || answer.sqlstate == kUniqueViolation ||
                     answer.sqlstate == kQueryCanceled;
  if (answer.kind != PgAnswer::Kind::kError || meant || shared.observer == nullptr) return;
  shared.observer->OnRefusal(operation, answer.message);
}

HistoryRow HistoryRowOf(const PGresult& result, int row, int first_column) {
  HistoryRow out;
  out.sequence = PgGetInt4(result, row, first_column);
  out.first_event_id = PgGetInt4(result, row, first_column + 1);
  out.event_count = PgGetInt4(result, row, first_column + 2);
  out.events = PgGetBytes(result, row, first_column + 3);
  out.changes = PgGetBytes(result, row, first_column + 4);
  return out;
}

// The row of part 0: what was found of the run.
void ReadFound(const PGresult& result, int row, StoredRun& run) {
  constexpr StoredRun::Found kFound[] = {StoredRun::Found::kNothing, StoredRun::Found::kRun,
                                         StoredRun::Found::kDue, StoredRun::Found::kLater};
  run.found = kFound[PgGetInt4(result, row, 2)];
  run.delete_at = DeleteTime(PgGetInt8(result, row, 7));
  if (run.found == StoredRun::Found::kNothing || run.found == StoredRun::Found::kDue) {
    run.size = {PgGetInt4(result, row, 3), PgGetInt4(result, row, 4), PgGetInt8(result, row, 8)};
  }
}

std::vector<StoredRun> RunsOf(const PGresult& result, const std::vector<RunKey>& keys) {
  std::vector<StoredRun> runs(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) runs[i].key = keys[i];
  for (int i = 0; i < PQntuples(&result); ++i) {
    StoredRun& run = runs.at(static_cast<size_t>(PgGetInt8(result, i, 0) - 1));
    switch (PgGetInt4(result, i, 1)) {
      case 0:
        ReadFound(result, i, run);
        break;
      case 1:
        run.snapshot =
            SnapshotRow{PgGetInt4(result, i, 2), PgGetInt4(result, i, 3), PgGetBytes(result, i, 5)};
        break;
      default:
        run.rows.push_back(HistoryRowOf(result, i, 2));
    }
  }
  return runs;
}

// What waits for other backends' transactions, on the loop: those that stand in its way longer than the limit
// and wait for their client themselves are ended, so that a batch half sent by a node that is gone does not
// hold up its successor until TCP notices.
class BlockedExchange : public std::enable_shared_from_this<BlockedExchange> {
 public:
  static void Submit(PgShared& shared, std::shared_ptr<PgConnection> writer,
                     std::vector<PgStatement> statements, PgConnection::Done done) {
    auto self = std::make_shared<BlockedExchange>(shared, std::move(writer));
    PgConnection& connection = *self->writer_;
    self->Wait();
    connection.Submit(std::move(statements), [self, done = std::move(done)](PgAnswer answer) mutable {
      self->shared_.loop.Cancel(self->timer_);
      std::move(done)(std::move(answer));
    });
  }

  BlockedExchange(PgShared& shared, std::shared_ptr<PgConnection> writer)
      : shared_(shared), writer_(std::move(writer)) {}

 private:
  void Wait() {
    timer_ = shared_.loop.RunAfter(shared_.blocked_fence_limit, [weak = weak_from_this()] {
      if (const std::shared_ptr<BlockedExchange> self = weak.lock()) self->EndBlockers();
    });
  }

  void EndBlockers() {
    const int64_t limit = absl::ToInt64Milliseconds(shared_.blocked_fence_limit);
    shared_.Control().Submit({sql::kEndBlockers.With({PgInt8(limit)})}, [](const PgAnswer&) {});
    Wait();
  }

  PgShared& shared_;
  const std::shared_ptr<PgConnection> writer_;
  Executor::TimerId timer_ = Executor::kNoTimer;
};

// What fences a writer, for whom, and how often more.
struct FenceRequest {
  uint32_t writer_id = 0;
  std::optional<Tenure> tenure;
  int attempts = kFenceAttempts;
};

// The last statement of what only the owner of the shards may do.
PgStatement CheckOwner(const Tenure& tenure) {
  return sql::kCheckOwner.With({PgUuid(tenure.incarnation), PgInt8(static_cast<int64_t>(tenure.term))});
}

bool Divided(const PgAnswer& answer, size_t statement) {
  return answer.kind == PgAnswer::Kind::kError && answer.failed_statement == statement &&
         answer.sqlstate == sql::kDivisionByZero;
}

constexpr char kOtherOwner[] = "another node owns the shards";

// One try to fence; a batch may have put a new row in the place of the one that was waited for.
void TryFence(PgShared& shared, std::shared_ptr<PgConnection> writer, FenceRequest request,
              ReadReply<FencedWriter> reply) {
  const std::string id = PgInt4(static_cast<int32_t>(request.writer_id));
  std::vector<PgStatement> statements{sql::kCreateWriter.With({id}), sql::kFence.With({id})};
  if (request.tenure) statements.push_back(CheckOwner(*request.tenure));
  BlockedExchange::Submit(
      shared, writer, std::move(statements),
      [&shared, writer, request = std::move(request),
       reply = std::move(reply)](const PgAnswer& answer) mutable {
        TellRefusal(shared, "Fence", answer);
        if (Divided(answer, 2)) return std::move(reply).Send(absl::FailedPreconditionError(kOtherOwner));
        if (answer.kind != PgAnswer::Kind::kDone) return std::move(reply).Send(StatusOf(answer));
        const PGresult& row = *answer.results[1];
        if (PQntuples(&row) == 1) {
          return std::move(reply).Send(
              FencedWriter{{request.writer_id, static_cast<uint64_t>(PgGetInt8(row, 0, 0))},
                           static_cast<uint64_t>(PgGetInt8(row, 0, 1))});
        }
        if (PQntuples(&row) > 1) {
          return std::move(reply).Send(absl::FailedPreconditionError(absl::StrCat(
              "the table writers has ", PQntuples(&row), " rows of writer ", request.writer_id,
              ": a dump was restored while a server ran. Stop all servers, and restore it into an empty "
              "database")));
        }
        if (request.attempts-- == 0) {
          return std::move(reply).Send(absl::UnavailableError("the writer's row could not be locked"));
        }
        TryFence(shared, std::move(writer), std::move(request), std::move(reply));
      });
}

// A range of a history, in steps of a bounded number of rows.
constexpr int64_t kHistoryRowsPerStep = 256;

std::string EventId(int64_t id) { return PgInt4(PgEventId(id)); }

void ReadHistoryStep(PgShared& shared, HistoryQuery query, std::vector<HistoryRow> rows,
                     ReadReply<std::vector<HistoryRow>> reply) {
  const sql::Constant& statement = query.reverse ? sql::kReadHistoryReverse : sql::kReadHistory;
  // A later step begins only while bytes are left; the first one answers a row whatever its size.
  PgStatement step =
      statement.With({PgInt2(static_cast<int16_t>(query.key.shard)), PgUuid(query.key.run_id),
                      EventId(query.from_event_id), EventId(query.to_event_id),
                      PgInt8(static_cast<int64_t>(query.max_bytes)), PgInt8(kHistoryRowsPerStep)});
  shared.Reader().Submit({std::move(step)}, [&shared, query, rows = std::move(rows),
                                             reply = std::move(reply)](const PgAnswer& answer) mutable {
    TellRefusal(shared, "ReadHistory", answer);
    if (absl::Status status = StatusOf(answer); !status.ok()) return std::move(reply).Send(status);
    const PGresult& result = *answer.results[0];
    size_t bytes = 0;
    for (int i = 0; i < PQntuples(&result); ++i) {
      rows.push_back(HistoryRowOf(result, i, 0));
      bytes += rows.back().events.size();
    }
    if (PQntuples(&result) < kHistoryRowsPerStep || bytes >= query.max_bytes) {
      return std::move(reply).Send(std::move(rows));
    }
    query.max_bytes -= bytes;
    if (query.reverse) {
      query.to_event_id = rows.back().first_event_id;
    } else {
      query.from_event_id = rows.back().first_event_id + rows.back().event_count;
    }
    ReadHistoryStep(shared, query, std::move(rows), std::move(reply));
  });
}

// Another one is made while there are fewer than `limit`, and the newest has work.
PgConnection& LeastBusy(std::vector<std::unique_ptr<PgConnection>>& pool, size_t limit, EventLoop& loop,
                        const PgConnection::Options& options) {
  if (pool.size() < limit && (pool.empty() || pool.back()->under_way() > 0)) {
    pool.push_back(std::make_unique<PgConnection>(loop, options));
    return *pool.back();
  }
  return **std::min_element(pool.begin(), pool.end(),
                            [](const auto& a, const auto& b) { return a->under_way() < b->under_way(); });
}

}  // namespace

PgConnection& PgShared::Reader() { return LeastBusy(readers, read_connections, loop, options); }

PgConnection& PgShared::Lister() { return LeastBusy(listers, list_connections, loop, list_options); }

PgConnection& PgShared::Control() {
  if (control == nullptr) {
    control = std::make_unique<PgConnection>(loop, options);
    control->LimitPause(kControlPause);
    control->Watch(nullptr, [this] { EndPauses(); });
  }
  return *control;
}

void PgShared::EndPauses() {
  std::erase_if(writers, [](const auto& writer) { return writer.expired(); });
  for (const auto& writer : writers) {
    if (const auto connection = writer.lock()) connection->EndPause();
  }
  for (const auto& reader : readers) reader->EndPause();
}

absl::Status PgStatusOf(const PgAnswer& answer) { return StatusOf(answer); }

PgSession::PgSession(PgShared& shared, Executor& home)
    : shared_(shared),
      mailbox_(std::make_shared<Mailbox>(home, shared.observer)),
      writer_(std::make_shared<PgConnection>(shared.loop, shared.options)) {
  shared.loop.Post([&shared, writer = std::weak_ptr(writer_)] { shared.writers.push_back(writer); });
}

PgSession::~PgSession() {
  mailbox_->Close();
  shared_.loop.Post([writer = std::move(writer_)] { writer->End(); });
}

template <typename T, typename Convert>
void PgSession::Ask(On on, std::string_view operation, std::vector<PgStatement> statements, Callback<T> done,
                    Convert convert) {
  auto reply = mailbox_->Expect<absl::StatusOr<T>>(operation, std::move(done));
  shared_.loop.Post([&shared = shared_, on, writer = writer_, statements = std::move(statements), operation,
                     reply = std::move(reply), convert = std::move(convert)]() mutable {
    PgConnection::Done answered = [&shared, operation, reply = std::move(reply),
                                   convert = std::move(convert)](const PgAnswer& answer) mutable {
      TellRefusal(shared, operation, answer);
      std::move(reply).Send(convert(answer));
    };
    switch (on) {
      case On::kWriter:
        BlockedExchange::Submit(shared, std::move(writer), std::move(statements), std::move(answered));
        break;
      case On::kReader:
        shared.Reader().Submit(std::move(statements), std::move(answered));
        break;
      case On::kLister:
        shared.Lister().Submit(std::move(statements), std::move(answered));
        break;
      case On::kControl:
        shared.Control().Submit(std::move(statements), std::move(answered));
        break;
    }
  });
}

void PgSession::OnDisconnect(absl::AnyInvocable<void()> lost) {
  shared_.loop.Post([writer = writer_, lost = mailbox_->Listen(std::move(lost))]() mutable {
    writer->Watch(std::move(lost), nullptr);
  });
}

void PgSession::Fence(uint32_t writer_id, Callback<FencedWriter> done) {
  auto reply = mailbox_->Expect<absl::StatusOr<FencedWriter>>("Fence", std::move(done));
  FenceRequest request{.writer_id = writer_id, .tenure = tenure_};
  shared_.loop.Post([&shared = shared_, writer = writer_, request = std::move(request),
                     reply = std::move(reply)]() mutable {
    TryFence(shared, std::move(writer), std::move(request), std::move(reply));
  });
}

void PgSession::AskWriter(uint32_t writer_id, Callback<FencedWriter> done) {
  Ask<FencedWriter>(On::kWriter, "AskWriter",
                    {sql::kAskWriter.With({PgInt4(static_cast<int32_t>(writer_id))})}, std::move(done),
                    [writer_id](const PgAnswer& answer) -> absl::StatusOr<FencedWriter> {
                      if (absl::Status status = StatusOf(answer); !status.ok()) return status;
                      const PGresult& row = *answer.results[0];
                      if (PQntuples(&row) == 0) return FencedWriter{{writer_id, 0}, 0};
                      return FencedWriter{{writer_id, static_cast<uint64_t>(PgGetInt8(row, 0, 0))},
                                          static_cast<uint64_t>(PgGetInt8(row, 0, 1))};
                    });
}

void PgSession::TakeShards(const Writer& writer, std::vector<ShardId> shards, Callback<bool> done) {
  std::sort(shards.begin(), shards.end());  // rows are locked in one order by all takers
  PgArray array(Type::kInt2);
  for (const ShardId shard : shards) array.Add(static_cast<int16_t>(shard));
  const std::string taken = std::move(array).Take();
  const std::string id = PgInt4(static_cast<int32_t>(writer.id));
  std::vector<PgStatement> statements{
      sql::kCheckWriter.With({id, PgInt8(static_cast<int64_t>(writer.epoch))})};
  for (const sql::Constant* step :
       {&sql::kAddShards, &sql::kLockShards, &sql::kFenceOwners, &sql::kOwnShards}) {
    statements.push_back(step->With({taken, id}));
  }
  if (tenure_) statements.push_back(CheckOwner(*tenure_));
  Ask<bool>(On::kWriter, "TakeShards", std::move(statements), std::move(done),
            [](const PgAnswer& answer) -> absl::StatusOr<bool> {
              if (Divided(answer, 0)) return absl::FailedPreconditionError("the writer was fenced");
              if (Divided(answer, 5)) return absl::FailedPreconditionError(kOtherOwner);
              if (absl::Status status = StatusOf(answer); !status.ok()) return status;
              return true;
            });
}

void PgSession::Commit(Batch batch, absl::AnyInvocable<void(CommitResult) &&> done) {
  auto reply = mailbox_->Expect<CommitResult>("Commit", std::move(done));
  shared_.loop.Post([writer = writer_, batch = std::move(batch), reply = std::move(reply)]() mutable {
    std::optional<std::vector<PgStatement>> statements = StatementsOf(batch);
    if (!statements.has_value()) {
      return std::move(reply).Send({CommitOutcome::kRefused, "a number does not fit its column"});
    }
    writer->Submit(*std::move(statements), [reply = std::move(reply)](const PgAnswer& answer) mutable {
      std::move(reply).Send(OutcomeOf(answer));
    });
  });
}

void PgSession::LoadRuns(LoadQuery query, Callback<std::vector<StoredRun>> done) {
  PgArray shards(Type::kInt2);
  PgArray runs(Type::kUuid);
  for (const RunKey& key : query.keys) {
    shards.Add(static_cast<int16_t>(key.shard));
    runs.Add(key.run_id);
  }
  constexpr size_t kMostBytes = std::numeric_limits<int64_t>::max();
  const auto max_bytes = static_cast<int64_t>(std::min(query.max_bytes, kMostBytes));
  const int64_t due_by = query.due_by ? ToMicros(*query.due_by) : std::numeric_limits<int64_t>::min();
  Ask<std::vector<StoredRun>>(
      On::kReader, "LoadRuns",
      {sql::kLoadRuns.With(
          {std::move(shards).Take(), std::move(runs).Take(), PgInt8(max_bytes), PgInt8(due_by)})},
      std::move(done),
      [keys = std::move(query.keys)](const PgAnswer& answer) -> absl::StatusOr<std::vector<StoredRun>> {
        if (absl::Status status = StatusOf(answer); !status.ok()) return status;
        return RunsOf(*answer.results[0], keys);
      });
}

void PgSession::FindCurrentRuns(std::vector<WorkflowKey> keys,
                                Callback<std::vector<std::optional<Uuid>>> done) {
  PgArray shards(Type::kInt2);
  PgArray namespaces(Type::kUuid);
  PgArray ids(Type::kBytea);
  for (const WorkflowKey& key : keys) {
    shards.Add(static_cast<int16_t>(key.shard));
    namespaces.Add(key.namespace_id);
    ids.Add(std::string_view(key.workflow_id));
  }
  Ask<std::vector<std::optional<Uuid>>>(
      On::kReader, "FindCurrentRuns",
      {sql::kFindCurrent.With(
          {std::move(shards).Take(), std::move(namespaces).Take(), std::move(ids).Take()})},
      std::move(done),
      [count = keys.size()](const PgAnswer& answer) -> absl::StatusOr<std::vector<std::optional<Uuid>>> {
        if (absl::Status status = StatusOf(answer); !status.ok()) return status;
        std::vector<std::optional<Uuid>> found(count);
        const PGresult& rows = *answer.results[0];
        for (int i = 0; i < PQntuples(&rows); ++i) {
          found.at(static_cast<size_t>(PgGetInt8(rows, i, 0) - 1)) = PgGetUuid(rows, i, 1);
        }
        return found;
      });
}

void PgSession::ReadHistory(HistoryQuery query, Callback<std::vector<HistoryRow>> done) {
  auto reply = mailbox_->Expect<absl::StatusOr<std::vector<HistoryRow>>>("ReadHistory", std::move(done));
  shared_.loop.Post([&shared = shared_, query, reply = std::move(reply)]() mutable {
    ReadHistoryStep(shared, query, {}, std::move(reply));
  });
}

void PgSession::ReadWakes(WakeQuery query, Callback<std::vector<WakeRow>> done) {
  const WakeRow after = query.after.value_or(WakeRow{absl::InfinitePast(), {}});
  Ask<std::vector<WakeRow>>(
      On::kReader, "ReadWakes",
      {sql::kReadWakes.With({PgInt4(static_cast<int32_t>(query.writer_id)), PgInt8(ToMicros(after.at)),
                             PgInt2(static_cast<int16_t>(after.run.shard)), PgUuid(after.run.run_id),
                             PgInt8(ToMicros(query.not_after)), PgInt8(static_cast<int64_t>(query.limit))})},
      std::move(done), [](const PgAnswer& answer) -> absl::StatusOr<std::vector<WakeRow>> {
        if (absl::Status status = StatusOf(answer); !status.ok()) return status;
        std::vector<WakeRow> wakes;
        const PGresult& rows = *answer.results[0];
        for (int i = 0; i < PQntuples(&rows); ++i) {
          wakes.push_back({FromMicros(PgGetInt8(rows, i, 0)),
                           {static_cast<ShardId>(PgGetInt2(rows, i, 1)), PgGetUuid(rows, i, 2)}});
        }
        return wakes;
      });
}

void PgSession::ListExecutions(VisibilityQuery query, Callback<VisibilityPage> done) {
  Ask<VisibilityPage>(On::kLister, "ListExecutions", {Unnamed(ListStatement(query, '$'))}, std::move(done),
                      [size = query.page_size, limit = shared_.list_time_limit](
                          const PgAnswer& answer) -> absl::StatusOr<VisibilityPage> {
                        if (absl::Status status = StatusOfList(answer, limit); !status.ok()) return status;
                        return PageOf(*answer.results[0], size);
                      });
}

void PgSession::CountExecutions(VisibilityQuery query, Callback<std::vector<CountGroup>> done) {
  Ask<std::vector<CountGroup>>(
      On::kLister, "CountExecutions", {Unnamed(CountStatement(query, '$'))}, std::move(done),
      [limit = shared_.list_time_limit](const PgAnswer& answer) -> absl::StatusOr<std::vector<CountGroup>> {
        if (absl::Status status = StatusOfList(answer, limit); !status.ok()) return status;
        return CountsOf(*answer.results[0]);
      });
}

void PgSession::RenewLease(const NodeRow& node, absl::Duration duration, Callback<LeaseAnswer> done) {
  auto reply = mailbox_->Expect<absl::StatusOr<LeaseAnswer>>("RenewLease", std::move(done));
  shared_.loop.Post([&shared = shared_, node, duration, reply = std::move(reply)]() mutable {
    PgRenewLease(shared.Control(), std::move(node), duration, std::move(reply));
  });
}

void PgSession::EndLease(const Uuid& incarnation, Callback<bool> done) {
  auto reply = mailbox_->Expect<absl::StatusOr<bool>>("EndLease", std::move(done));
  shared_.loop.Post([&shared = shared_, incarnation, reply = std::move(reply)]() mutable {
    PgEndLease(shared.Control(), incarnation, std::move(reply));
  });
}

void PgSession::PutNamespace(NamespaceRow row, int64_t expected_version, Callback<bool> done) {
  std::vector<std::string> params{PgUuid(row.id), row.name, PgInt8(row.version), row.data};
  const bool insert = expected_version == 0;
  if (!insert) params.push_back(PgInt8(expected_version));
  PgStatement statement = (insert ? sql::kInsertNamespace : sql::kUpdateNamespace).With(std::move(params));
  Ask<bool>(On::kControl, "PutNamespace", {std::move(statement)}, std::move(done),
            [insert](const PgAnswer& answer) -> absl::StatusOr<bool> {
              if (answer.sqlstate == kUniqueViolation)
                return absl::AlreadyExistsError("the namespace's name is taken");
              if (absl::Status status = StatusOf(answer); !status.ok()) return status;
              if (PQntuples(answer.results[0].get()) == 1) return true;
              return insert ? absl::AlreadyExistsError("the namespace's name or id is taken")
                            : absl::AbortedError("the namespace was changed by another writer");
            });
}

void PgSession::ListNamespaces(Callback<std::vector<NamespaceRow>> done) {
  Ask<std::vector<NamespaceRow>>(On::kReader, "ListNamespaces", {sql::kListNamespaces.With({})},
                                 std::move(done),
                                 [](const PgAnswer& answer) -> absl::StatusOr<std::vector<NamespaceRow>> {
                                   if (absl::Status status = StatusOf(answer); !status.ok()) return status;
                                   std::vector<NamespaceRow> rows;
                                   const PGresult& result = *answer.results[0];
                                   for (int i = 0; i < PQntuples(&result); ++i) {
                                     rows.push_back({PgGetUuid(result, i, 0), PgGetBytes(result, i, 1),
                                                     PgGetInt8(result, i, 2), PgGetBytes(result, i, 3)});
                                   }
                                   return rows;
                                 });
}

void PgSession::ClusterId(const Uuid& candidate, Callback<Uuid> done) {
  Ask<Uuid>(On::kControl, "ClusterId",
            {sql::kMintCluster.With({PgUuid(candidate)}), sql::kReadCluster.With({})}, std::move(done),
            [](const PgAnswer& answer) -> absl::StatusOr<Uuid> {
              if (absl::Status status = StatusOf(answer); !status.ok()) return status;
              return PgGetUuid(*answer.results[1], 0, 0);
            });
}

}  // namespace perdure::persistence
