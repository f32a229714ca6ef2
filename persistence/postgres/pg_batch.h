// A batch as the statements of one exchange, the fencing statement first. Pure.
#pragma once

#include <optional>
#include <vector>

#include "persistence/batch.h"
#include "persistence/postgres/pg_connection.h"

namespace perdure::persistence {

// Nothing where a number does not fit its column: such a batch is refused unsent.
std::optional<std::vector<PgStatement>> StatementsOf(const Batch& batch);

// What the answer to such an exchange means.
CommitResult OutcomeOf(const PgAnswer& answer);

}  // namespace perdure::persistence
