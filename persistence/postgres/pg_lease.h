// Leases of nodes and the ownership of the shards (persistence/node_lease.h), in PostgreSQL. On the store's
// loop.
#pragma once

#include "persistence/mailbox.h"
#include "persistence/node_lease.h"
#include "persistence/postgres/pg_connection.h"

namespace perdure::persistence {

// One statement while the tenure goes on; else the transaction that claims the shards. `connection` lives
// until the reply has been sent.
void PgRenewLease(PgConnection& connection, NodeRow node, absl::Duration duration,
                  ReadReply<LeaseAnswer> reply);
void PgEndLease(PgConnection& connection, const Uuid& incarnation, ReadReply<bool> reply);

}  // namespace perdure::persistence
