// How a writer is fenced and takes shards, in PostgreSQL: only for the owner of the shards, where a tenure is
// given.
//
// Thread safety: PgFence on the store's loop only; the others are pure. Errors: FAILED_PRECONDITION where the
// writer was fenced, where another node owns the shards, or where the table of writers is damaged;
// UNAVAILABLE where the database did not commit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "persistence/mailbox.h"
#include "persistence/postgres/pg_shared.h"

namespace perdure::persistence {

// `shared` outlives the reply; `writer` is kept until then.
void PgFence(PgShared& shared, std::shared_ptr<PgConnection> writer, uint32_t writer_id,
             const std::optional<Tenure>& tenure, ReadReply<FencedWriter> reply);

// What the answer to the question for this writer means.
absl::StatusOr<FencedWriter> WriterOf(uint32_t writer_id, const PgAnswer& answer);

// The exchange that takes the shards.
std::vector<PgStatement> TakeStatements(const Writer& writer, std::vector<ShardId> shards,
                                        const std::optional<Tenure>& tenure);
// What the answer to such an exchange means.
absl::StatusOr<bool> TakenOf(const PgAnswer& answer);

}  // namespace perdure::persistence
