#include "persistence/postgres/pg_session.h"

#include "persistence/postgres/pg_batch.h"
#include "persistence/postgres/pg_fence.h"
#include "persistence/postgres/pg_lease.h"
#include "persistence/postgres/pg_reads.h"
#include "persistence/postgres/pg_visibility.h"
#include "persistence/postgres/statements.h"

namespace perdure::persistence {

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
      PgTellRefusal(shared, operation, answer);
      std::move(reply).Send(convert(answer));
    };
    switch (on) {
      case On::kWriter:
        PgSubmitBlocked(shared, std::move(writer), std::move(statements), std::move(answered));
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
  shared_.loop.Post(
      [&shared = shared_, writer = writer_, writer_id, tenure = tenure_, reply = std::move(reply)]() mutable {
        PgFence(shared, std::move(writer), writer_id, tenure, std::move(reply));
      });
}

void PgSession::AskWriter(uint32_t writer_id, Callback<FencedWriter> done) {
  Ask<FencedWriter>(On::kWriter, "AskWriter",
                    {sql::kAskWriter.With({PgInt4(static_cast<int32_t>(writer_id))})}, std::move(done),
                    [writer_id](const PgAnswer& answer) { return WriterOf(writer_id, answer); });
}

void PgSession::TakeShards(const Writer& writer, std::vector<ShardId> shards, Callback<bool> done) {
  Ask<bool>(On::kWriter, "TakeShards", TakeStatements(writer, std::move(shards), tenure_), std::move(done),
            TakenOf);
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
  PgStatement statement = LoadStatement(query);
  Ask<std::vector<StoredRun>>(
      On::kReader, "LoadRuns", {std::move(statement)}, std::move(done),
      [keys = std::move(query.keys)](const PgAnswer& answer) -> absl::StatusOr<std::vector<StoredRun>> {
        if (absl::Status status = PgStatusOf(answer); !status.ok()) return status;
        return RunsOf(*answer.results[0], keys);
      });
}

void PgSession::FindCurrentRuns(std::vector<EntityKey> keys,
                                Callback<std::vector<std::optional<Uuid>>> done) {
  Ask<std::vector<std::optional<Uuid>>>(
      On::kReader, "FindCurrentRuns", {FindCurrentStatement(keys)}, std::move(done),
      [count = keys.size()](const PgAnswer& answer) -> absl::StatusOr<std::vector<std::optional<Uuid>>> {
        if (absl::Status status = PgStatusOf(answer); !status.ok()) return status;
        return CurrentRunsOf(*answer.results[0], count);
      });
}

void PgSession::ReadHistory(HistoryQuery query, Callback<std::vector<HistoryRow>> done) {
  auto reply = mailbox_->Expect<absl::StatusOr<std::vector<HistoryRow>>>("ReadHistory", std::move(done));
  shared_.loop.Post([&shared = shared_, query, reply = std::move(reply)]() mutable {
    PgReadHistory(shared, query, std::move(reply));
  });
}

void PgSession::ReadWakes(WakeQuery query, Callback<std::vector<WakeRow>> done) {
  Ask<std::vector<WakeRow>>(On::kReader, "ReadWakes", {WakesStatement(query)}, std::move(done),
                            [](const PgAnswer& answer) -> absl::StatusOr<std::vector<WakeRow>> {
                              if (absl::Status status = PgStatusOf(answer); !status.ok()) return status;
                              return WakesOf(*answer.results[0]);
                            });
}

void PgSession::ListExecutions(VisibilityQuery query, Callback<VisibilityPage> done) {
  Ask<VisibilityPage>(On::kLister, "ListExecutions", {Unnamed(ListStatement(query, '$'))}, std::move(done),
                      [size = query.page_size, limit = shared_.list_time_limit](
                          const PgAnswer& answer) -> absl::StatusOr<VisibilityPage> {
                        if (absl::Status status = PgStatusOfList(answer, limit); !status.ok()) return status;
                        return PageOf(*answer.results[0], size);
                      });
}

void PgSession::CountExecutions(VisibilityQuery query, Callback<std::vector<CountGroup>> done) {
  Ask<std::vector<CountGroup>>(
      On::kLister, "CountExecutions", {Unnamed(CountStatement(query, '$'))}, std::move(done),
      [limit = shared_.list_time_limit](const PgAnswer& answer) -> absl::StatusOr<std::vector<CountGroup>> {
        if (absl::Status status = PgStatusOfList(answer, limit); !status.ok()) return status;
        return CountsOf(*answer.results[0]);
      });
}

void PgSession::RenewLease(const NodeRow& node, absl::Duration duration, Callback<LeaseAnswer> done) {
  auto reply = mailbox_->Expect<absl::StatusOr<LeaseAnswer>>("RenewLease", std::move(done));
  shared_.loop.Post([&shared = shared_, node, duration, reply = std::move(reply)]() mutable {
    PgRenewLease(shared.Control(), node, duration, std::move(reply));
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
              if (answer.sqlstate == kPgUniqueViolation)
                return absl::AlreadyExistsError("the namespace's name is taken");
              if (absl::Status status = PgStatusOf(answer); !status.ok()) return status;
              if (PQntuples(answer.results[0].get()) == 1) return true;
              return insert ? absl::AlreadyExistsError("the namespace's name or id is taken")
                            : absl::AbortedError("the namespace was changed by another writer");
            });
}

void PgSession::RemoveNamespace(const Uuid& id, int64_t expected_version, Callback<bool> done) {
  Ask<bool>(On::kControl, "RemoveNamespace",
            {sql::kRemoveNamespace.With({PgUuid(id), PgInt8(expected_version)}),
             sql::kHasNamespace.With({PgUuid(id)})},
            std::move(done), [](const PgAnswer& answer) -> absl::StatusOr<bool> {
              if (absl::Status status = PgStatusOf(answer); !status.ok()) return status;
              if (PQntuples(answer.results[0].get()) == 1) return true;
              if (PQntuples(answer.results[1].get()) == 0) return false;
              return absl::AbortedError("the namespace has another version");
            });
}

void PgSession::ListNamespaces(Callback<std::vector<NamespaceRow>> done) {
  Ask<std::vector<NamespaceRow>>(On::kReader, "ListNamespaces", {sql::kListNamespaces.With({})},
                                 std::move(done),
                                 [](const PgAnswer& answer) -> absl::StatusOr<std::vector<NamespaceRow>> {
                                   if (absl::Status status = PgStatusOf(answer); !status.ok()) return status;
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
              if (absl::Status status = PgStatusOf(answer); !status.ok()) return status;
              return PgGetUuid(*answer.results[1], 0, 0);
            });
}

}  // namespace perdure::persistence
