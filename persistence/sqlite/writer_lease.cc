// Leases of nodes and the ownership of the shards (persistence/node_lease.h), in an SQLite file.
#include "persistence/micros.h"
#include "persistence/sqlite/statements.h"
#include "persistence/sqlite/writer.h"

namespace perdure::persistence {

namespace sql = sqlite_statements;

absl::Status SqliteWriter::CheckOwner(const std::optional<Tenure>& tenure) {
  if (!tenure) return absl::OkStatus();
  const absl::StatusOr<bool> owns = First(
      sql::kIsOwner, [](const SqliteStatement&) {}, tenure->incarnation, static_cast<int64_t>(tenure->term));
  if (owns.ok() && !*owns) return absl::FailedPreconditionError("another node owns the shards");
  return owns.status();
}

absl::StatusOr<LeaseAnswer> SqliteWriter::RenewLease(const NodeRow& node, absl::Duration duration) {
  LeaseAnswer answer;
  const absl::StatusOr<bool> done = InTransaction([&]() -> absl::StatusOr<bool> {
    int64_t now = 0;
    absl::StatusOr<bool> step = First(sql::kNow, [&now](const SqliteStatement& row) { now = row.Int(0); });
    if (!step.ok()) return step;
    const int64_t end = now + absl::ToInt64Microseconds(duration);
    step = First(
        sql::kRenewTenure,
        [&](const SqliteStatement& row) {
          answer.tenure = Tenure{node.incarnation, static_cast<uint64_t>(row.Int(0))};
          answer.first_writer = static_cast<uint32_t>(row.Int(1));
        },
        node.incarnation, now, end);
    if (!step.ok() || *step) return step;
    absl::StatusOr<LeaseAnswer> claimed = Claim(node, now, end);
    if (!claimed.ok()) return claimed.status();
    answer = *std::move(claimed);
    return true;
  });
  if (!done.ok()) return done.status();
  return answer;
}

absl::Status SqliteWriter::AddNode(const NodeRow& node, int64_t now, int64_t end) {
  const int64_t fights_since = now - absl::ToInt64Microseconds(kNameFightWindow);
  const int64_t long_ago = now - absl::ToInt64Microseconds(kNodeRowsKept);
  int64_t losses = 0;
  const absl::StatusOr<bool> counted = First(
      sql::kCountLosses, [&losses](const SqliteStatement& row) { losses = row.Int(0); }, node.name,
      fights_since);
  if (!counted.ok()) return counted.status();
  if (!Run(sql::kForgetNodes, long_ago) ||
      !Run(sql::kPutNode, node.incarnation, now, end, node.name, node.address, int64_t{losses >= kNameFights},
           int64_t{node.first_writer}, int64_t{kWritersOfANode})) {
    return connection_->ReadStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<LeaseAnswer> SqliteWriter::Claim(const NodeRow& node, int64_t now, int64_t end) {
  if (absl::Status added = AddNode(node, now, end); !added.ok()) return added;
  if (!Run(sql::kEndOwner, node.incarnation, now) || !Run(sql::kTakeOwnership, node.incarnation) ||
      !Run(sql::kBeginTenure, node.incarnation) || !Run(sql::kLoseName, node.incarnation, now)) {
    return connection_->ReadStatus();
  }
  LeaseAnswer answer;
  const absl::StatusOr<bool> read = First(
      sql::kReadLease,
      [&](const SqliteStatement& row) {
        const auto term = static_cast<uint64_t>(row.Int(0));
        if (term > 0) answer.tenure = Tenure{node.incarnation, term};
        answer.lost = row.Int(1) != 0;
        answer.waits = row.Int(2) != 0;
        answer.first_writer = static_cast<uint32_t>(row.Int(8));
        if (row.Int(3) == 0) return;
        answer.owner =
            LeaseAnswer::Other{NodeRow{row.Id(4), row.Bytes(5), row.Bytes(6), 0}, FromMicros(row.Int(7))};
      },
      node.incarnation);
  if (!read.ok()) return read.status();
  return answer;
}

absl::StatusOr<bool> SqliteWriter::EndLease(const Uuid& incarnation) {
  if (!Run(sql::kEndLease, incarnation)) return connection_->ReadStatus();
  return true;
}

}  // namespace perdure::persistence
