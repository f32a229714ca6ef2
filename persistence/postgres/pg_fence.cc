#include "persistence/postgres/pg_fence.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "persistence/postgres/statements.h"

namespace perdure::persistence {
namespace {

constexpr int kFenceAttempts = 10;

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
  PgSubmitBlocked(
      shared, writer, std::move(statements),
      [&shared, writer, request, reply = std::move(reply)](const PgAnswer& answer) mutable {
        PgTellRefusal(shared, "Fence", answer);
        if (Divided(answer, 2)) return std::move(reply).Send(absl::FailedPreconditionError(kOtherOwner));
        if (answer.kind != PgAnswer::Kind::kDone) return std::move(reply).Send(PgStatusOf(answer));
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
        TryFence(shared, std::move(writer), request, std::move(reply));
      });
}

}  // namespace

void PgFence(PgShared& shared, std::shared_ptr<PgConnection> writer, uint32_t writer_id,
             const std::optional<Tenure>& tenure, ReadReply<FencedWriter> reply) {
  TryFence(shared, std::move(writer), {.writer_id = writer_id, .tenure = tenure}, std::move(reply));
}

absl::StatusOr<FencedWriter> WriterOf(uint32_t writer_id, const PgAnswer& answer) {
  if (absl::Status status = PgStatusOf(answer); !status.ok()) return status;
  const PGresult& row = *answer.results[0];
  if (PQntuples(&row) == 0) return FencedWriter{{writer_id, 0}, 0};
  return FencedWriter{{writer_id, static_cast<uint64_t>(PgGetInt8(row, 0, 0))},
                      static_cast<uint64_t>(PgGetInt8(row, 0, 1))};
}

std::vector<PgStatement> TakeStatements(const Writer& writer, std::vector<ShardId> shards,
                                        const std::optional<Tenure>& tenure) {
  std::sort(shards.begin(), shards.end());  // rows are locked in one order by all takers
  PgArray array(PgArray::Type::kInt2);
  for (const ShardId shard : shards) array.Add(static_cast<int16_t>(shard));
  const std::string taken = std::move(array).Take();
  const std::string id = PgInt4(static_cast<int32_t>(writer.id));
  std::vector<PgStatement> statements{
      sql::kCheckWriter.With({id, PgInt8(static_cast<int64_t>(writer.epoch))})};
  for (const sql::Constant* step :
       {&sql::kAddShards, &sql::kLockShards, &sql::kFenceOwners, &sql::kOwnShards}) {
    statements.push_back(step->With({taken, id}));
  }
  if (tenure) statements.push_back(CheckOwner(*tenure));
  return statements;
}

absl::StatusOr<bool> TakenOf(const PgAnswer& answer) {
  if (Divided(answer, 0)) return absl::FailedPreconditionError("the writer was fenced");
  if (Divided(answer, 5)) return absl::FailedPreconditionError(kOtherOwner);
  if (absl::Status status = PgStatusOf(answer); !status.ok()) return status;
  return true;
}

}  // namespace perdure::persistence
