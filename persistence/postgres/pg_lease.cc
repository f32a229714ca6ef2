#include "persistence/postgres/pg_lease.h"

#include <utility>

#include "persistence/micros.h"
#include "persistence/postgres/pg_session.h"
#include "persistence/postgres/statements.h"

namespace perdure::persistence {
namespace {

using sql::Constant;

// While it has not ended, a tenure is extended by one statement on the node's own row; who takes the shards
// changes that row first, so that of the two one waits for the other and then sees what it did. $1
// incarnation, $2 microseconds
constexpr Constant kRenewTenure{"renew_tenure", R"(
UPDATE nodes SET expires_at = clock_timestamp() + $2::int8 * interval '1 microsecond'
WHERE incarnation = $1::uuid AND term > 0 AND expires_at > clock_timestamp() RETURNING term, first_writer)"};

// A claim is these statements in one transaction. Claims come one after the other: the first locks the
// owner's row (and makes it where it is missing), and each later one sees what was committed before that.
constexpr Constant kLockOwner{"lock_owner", R"(
INSERT INTO shard_owner (slot, term, incarnation) VALUES (0, 0, '00000000-0000-0000-0000-000000000000')
ON CONFLICT (slot) DO UPDATE SET slot = 0)"};
// $1 microseconds
constexpr Constant kForgetNodes{"forget_nodes", R"(
DELETE FROM nodes WHERE expires_at < clock_timestamp() - $1::int8 * interval '1 microsecond')"};
// A start is later than those of the name before it, whatever the clock says.
// $1 incarnation, $2 microseconds, $3 name, $4 address, $5 so many losses of the name within $6 microseconds,
// $7 the first of its writers, or 0, $8 how many a node has
constexpr Constant kPutNode{"put_node", R"(
INSERT INTO nodes (incarnation, term, expires_at, started_at, waits, name, address, first_writer)
SELECT $1::uuid, 0, clock_timestamp() + $2::int8 * interval '1 microsecond',
  greatest(clock_timestamp(), (SELECT max(started_at) + interval '1 microsecond' FROM nodes WHERE name = $3::bytea)),
  (SELECT count(*) >= $5::int8 FROM nodes
   WHERE name = $3::bytea AND lost_at > clock_timestamp() - $6::int8 * interval '1 microsecond'),
  $3::bytea, $4::bytea,
  (SELECT ranges.first_writer FROM (
     SELECT 1 AS first_writer UNION SELECT $7::int4 UNION SELECT first_writer + $8::int4 FROM nodes) AS ranges
   WHERE ranges.first_writer > 0 AND ranges.first_writer NOT IN (SELECT first_writer FROM nodes)
   ORDER BY ranges.first_writer <> $7::int4, ranges.first_writer LIMIT 1)
ON CONFLICT (incarnation) DO UPDATE SET term = 0, expires_at = excluded.expires_at WHERE nodes.lost_at IS NULL)"};
// Whoever must make room: its lease has ended, or it is older and of the same name. Waits for a renewal of
// its own that is under way. $1 incarnation
constexpr Constant kEndOwner{"end_owner", R"(
UPDATE nodes SET term = 0 WHERE term > 0 AND incarnation <> $1::uuid
  AND (expires_at <= clock_timestamp() OR EXISTS (
    SELECT 1 FROM nodes AS me WHERE me.incarnation = $1::uuid AND me.name = nodes.name
      AND me.started_at > nodes.started_at AND me.lost_at IS NULL AND NOT me.waits)))"};
constexpr Constant kTakeOwnership{"take_ownership", R"(
WITH taken AS (
  UPDATE shard_owner SET incarnation = $1::uuid, term = term + 1
  WHERE slot = 0 AND NOT EXISTS (SELECT 1 FROM nodes WHERE term > 0)
    AND EXISTS (SELECT 1 FROM nodes WHERE incarnation = $1::uuid AND lost_at IS NULL)
  RETURNING term)
UPDATE nodes SET term = taken.term FROM taken WHERE incarnation = $1::uuid)"};
constexpr Constant kLoseName{"lose_name", R"(
UPDATE nodes SET lost_at = clock_timestamp(), expires_at = clock_timestamp()
WHERE incarnation = $1::uuid AND lost_at IS NULL AND EXISTS (
  SELECT 1 FROM nodes AS o WHERE o.term > 0 AND o.incarnation <> $1::uuid AND o.name = nodes.name
    AND o.started_at > nodes.started_at))"};
constexpr Constant kReadLease{"read_lease", R"(
SELECT me.term, (me.lost_at IS NOT NULL)::int4, me.waits::int4, o.incarnation, o.name, o.address,
  (extract(epoch FROM o.started_at) * 1000000)::int8, me.first_writer
FROM nodes AS me LEFT JOIN nodes AS o ON o.term > 0 AND o.incarnation <> me.incarnation
WHERE me.incarnation = $1::uuid)"};
constexpr Constant kEndLease{"end_lease", R"(
DELETE FROM nodes WHERE incarnation = $1::uuid AND lost_at IS NULL)"};

std::vector<PgStatement> Claim(const NodeRow& node, absl::Duration duration) {
  const std::string own = PgUuid(node.incarnation);
  const auto micros = [](absl::Duration time) { return PgInt8(absl::ToInt64Microseconds(time)); };
  return {kLockOwner.With({}),
          kForgetNodes.With({micros(kNodeRowsKept)}),
          kPutNode.With({own, micros(duration), node.name, node.address, PgInt8(kNameFights),
                         micros(kNameFightWindow), PgInt4(static_cast<int32_t>(node.first_writer)),
                         PgInt4(static_cast<int32_t>(kWritersOfANode))}),
          kEndOwner.With({own}),
          kTakeOwnership.With({own}),
          kLoseName.With({own}),
          kReadLease.With({own})};
}

absl::StatusOr<LeaseAnswer> AnswerOf(const Uuid& incarnation, const PGresult& row) {
  if (PQntuples(&row) != 1) return absl::InternalError("the node's own row is missing");
  LeaseAnswer answer;
  const auto term = static_cast<uint64_t>(PgGetInt8(row, 0, 0));
  if (term > 0) answer.tenure = Tenure{incarnation, term};
  answer.lost = PgGetInt4(row, 0, 1) != 0;
  answer.waits = PgGetInt4(row, 0, 2) != 0;
  answer.first_writer = static_cast<uint32_t>(PgGetInt4(row, 0, 7));
  if (PQgetisnull(&row, 0, 3) == 0) {
    answer.owner =
        LeaseAnswer::Other{NodeRow{PgGetUuid(row, 0, 3), PgGetBytes(row, 0, 4), PgGetBytes(row, 0, 5), 0},
                           FromMicros(PgGetInt8(row, 0, 6))};
  }
  return answer;
}

}  // namespace

void PgRenewLease(PgConnection& connection, NodeRow node, absl::Duration duration,
                  ReadReply<LeaseAnswer> reply) {
  PgStatement renew =
      kRenewTenure.With({PgUuid(node.incarnation), PgInt8(absl::ToInt64Microseconds(duration))});
  connection.Submit({std::move(renew)}, [&connection, node = std::move(node), duration,
                                         reply = std::move(reply)](const PgAnswer& answer) mutable {
    if (absl::Status status = PgStatusOf(answer); !status.ok()) return std::move(reply).Send(status);
    const PGresult& renewed = *answer.results[0];
    if (PQntuples(&renewed) == 1) {
      LeaseAnswer held;
      held.tenure = Tenure{node.incarnation, static_cast<uint64_t>(PgGetInt8(renewed, 0, 0))};
      held.first_writer = static_cast<uint32_t>(PgGetInt4(renewed, 0, 1));
      return std::move(reply).Send(std::move(held));
    }
    connection.Submit(Claim(node, duration), [incarnation = node.incarnation,
                                              reply = std::move(reply)](const PgAnswer& claimed) mutable {
      if (absl::Status status = PgStatusOf(claimed); !status.ok()) return std::move(reply).Send(status);
      std::move(reply).Send(AnswerOf(incarnation, *claimed.results.back()));
    });
  });
}

void PgEndLease(PgConnection& connection, const Uuid& incarnation, ReadReply<bool> reply) {
  connection.Submit({kEndLease.With({PgUuid(incarnation)})},
                    [reply = std::move(reply)](const PgAnswer& answer) mutable {
                      if (absl::Status status = PgStatusOf(answer); !status.ok()) {
                        return std::move(reply).Send(status);
                      }
                      std::move(reply).Send(true);
                    });
}

}  // namespace perdure::persistence
