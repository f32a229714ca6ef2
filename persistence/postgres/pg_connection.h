// One connection to PostgreSQL in pipeline mode, on an event loop. Work is submitted as exchanges: statements
// with one Sync behind them, which PostgreSQL runs as one implicit transaction. Exchanges are answered in the
// order in which they were submitted, and several may be under way.
//
// Lives on the loop's thread. Connects when first used; after a loss, the next exchange connects again, no
// earlier than a pause that doubles with each failure; what comes before is answered kNotSent at once.
#pragma once

#include <libpq-fe.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/event_loop.h"
#include "persistence/postgres/pg_target.h"
#include "persistence/postgres/pg_value.h"
#include "persistence/store.h"

namespace perdure::persistence {

// Parameters are in binary form; the SQL casts each where PostgreSQL could not tell its type.
struct PgStatement {
  std::string_view name;  // a constant; empty: parsed each time
  std::string sql;
  std::vector<std::string> params;
};

struct PgAnswer {
  enum class Kind {
    kDone,     // committed: the Sync was answered and no statement failed
    kError,    // rolled back by the database: sqlstate, message and failed_statement say why
    kNotSent,  // nothing reached the database
    kLost,     // the connection broke, or replication was not awaited: it may or may not have been committed
  };
  Kind kind = Kind::kNotSent;
  std::string sqlstate;
  std::string message;
  size_t failed_statement = 0;    // the number of statements where it was one of the connection's own
  std::vector<PgResult> results;  // one a statement
};

class PgConnection {
 public:
  using Done = absl::AnyInvocable<void(PgAnswer) &&>;

  struct Options {
    PgTarget target;
    bool named_statements = true;
    // `options` of the connection's start ("-c name=value ..."), those of the connection string among them.
    // Empty: the connection string's own.
    std::string startup;
    // The first exchange of a connection begins with `guard`, each with `prologue`, unseen by whoever submits
    // it (pg_settings.h). Until the guard is answered, nothing else is sent.
    std::vector<PgStatement> guard;
    std::vector<PgStatement> prologue;
    StoreObserver* observer = nullptr;  // may be null; outlives the connection
  };

  PgConnection(EventLoop& loop, Options options);
  // Exchanges that are under way are answered kLost or kNotSent from here.
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  void Submit(std::vector<PgStatement> statements, Done done);
  // Answers what is under way, as the destructor does: for an owner that callbacks hold a share of.
  void End();
  // `lost` is called after each loss of a connection that had been made, before what was under way is
  // answered; `ready` each time one has been made.
  void Watch(std::function<void()> lost, std::function<void()> ready);
  // The pause before an attempt gets no longer than this.
  void LimitPause(absl::Duration longest) { longest_pause_ = longest; }
  // From now on the observer is told that the database is away when what was sent has had no answer for
  // `limit`, and that it is back with the next answer. Nothing is given up for that: whatever was sent may
  // still be done.
  void TellSilence(absl::Duration limit) { silence_limit_ = limit; }
  // The database is known to be back: the next exchange connects without a pause.
  void EndPause();
  size_t under_way() const { return exchanges_.size(); }

 private:
  struct Exchange {
    std::vector<PgStatement> statements;
    Done done;
    bool sent = false;
    PgAnswer answer;
  };
  // What the next result belongs to.
  struct Expected {
    enum class Kind { kGuard, kPrologue, kPrepare, kStatement, kSync };
    Kind kind = Kind::kStatement;
    size_t statement = 0;
    std::string_view name;  // of kPrepare
  };
  enum class State { kIdle, kConnecting, kReady };

  void Connect();
  void WatchConnecting(bool writable);
  void OnConnecting();
  void OnReady(EventLoop::Interest ready);
  void SendWaiting();
  bool Send(Exchange& exchange);
  bool SendStatement(const PgStatement& statement, Expected expected);
  void Flush();
  void ReadResults();
  void OnResult(PgResult result);
  void FinishFront();
  // An exchange was sent, answered, or given up: the silence counts from here.
  void CountSilence();
  // Loses a connection that was not made, and tells the observer why.
  void LoseConnecting(const std::string& message);
  void Lose(const std::string& message);
  static void OnNotice(void* connection, const PGresult* notice);

  EventLoop& loop_;
  const Options options_;
  State state_ = State::kIdle;
  PGconn* connection_ = nullptr;
  int watched_ = -1;
  absl::Duration pause_;  // before the next attempt
  absl::Duration longest_pause_ = absl::Seconds(5);
  absl::Duration not_before_ = absl::ZeroDuration();
  absl::Duration silence_limit_ = absl::InfiniteDuration();
  bool told_silence_ = false;
  std::function<void()> lost_;
  std::function<void()> ready_;
  std::deque<Exchange> exchanges_;
  std::deque<Expected> expected_;  // of the exchanges that were sent
  bool have_result_ = false;       // of expected_.front()
  bool guarded_ = false;           // this connection has passed its guard
  bool want_write_ = false;
  Executor::TimerId connect_limit_ = Executor::kNoTimer;
  Executor::TimerId silence_ = Executor::kNoTimer;
  // Statements that this connection knows, and those whose preparation is under way.
  absl::flat_hash_set<std::string_view> prepared_;
  absl::flat_hash_set<std::string_view> preparing_;
};

}  // namespace perdure::persistence
