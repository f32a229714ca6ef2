// What the sessions of a PostgreSQL store share, their connections above all; how an exchange is sent that
// may have to wait for other backends; and what the answer of any exchange means to a caller.
//
// Thread safety: the fields that are set before the first session is opened are read on any thread; the
// connections live on the loop and are touched there only, as is PgSubmitBlocked called. Ownership: the store
// owns it, and it outlives the sessions. Errors: statuses are fit for clients, without the database's words.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/event_loop.h"
#include "persistence/postgres/pg_connection.h"
#include "persistence/store.h"

namespace perdure::persistence {

constexpr char kPgUniqueViolation[] = "23505";

struct PgShared {
  PgShared(PgConnection::Options connection_options, PgConnection::Options its_list_options)
      : options(std::move(connection_options)),
        list_options(std::move(its_list_options)),
        loop("perdure-pg") {}

  // The read connection with the least under way.
  PgConnection& Reader();
  // The same among the connections for lists, which take as long as they like and must hold up nothing else.
  PgConnection& Lister();
  // The connection of the cluster's rows, so that a lease is not renewed late because of a long batch or
  // list. It tries twice a second while the database is away, and once it is through the others need not
  // pause. It tells when the database is silent, as one is that was stopped with its connections standing.
  PgConnection& Control();
  void EndPauses();

  const PgConnection::Options options;
  const PgConnection::Options list_options;
  size_t read_connections = 1;
  size_t list_connections = 1;
  absl::Duration list_time_limit;
  absl::Duration blocked_fence_limit;
  absl::Duration silence_limit;
  StoreObserver* observer = nullptr;
  EventLoop loop;
  std::vector<std::unique_ptr<PgConnection>> readers;
  std::vector<std::unique_ptr<PgConnection>> listers;
  std::unique_ptr<PgConnection> control;
  std::vector<std::weak_ptr<PgConnection>> writers;  // of the sessions
};

// Sends what waits for other backends' transactions: those that stand in its way longer than the limit and
// wait for their client themselves are ended, so that a batch half sent by a node that is gone does not hold
// up its successor until TCP notices.
void PgSubmitBlocked(PgShared& shared, std::shared_ptr<PgConnection> writer,
                     std::vector<PgStatement> statements, PgConnection::Done done);

// UNAVAILABLE where the database did not commit the exchange.
absl::Status PgStatusOf(const PgAnswer& answer);
// As PgStatusOf, for a list or count, which is stopped at its `limit`.
absl::Status PgStatusOfList(const PgAnswer& answer, absl::Duration limit);

// Tells the database's words of what it refused, but for what some statement of ours is meant to provoke.
void PgTellRefusal(const PgShared& shared, std::string_view operation, const PgAnswer& answer);

}  // namespace perdure::persistence
