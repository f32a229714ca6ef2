#include "persistence/postgres/pg_connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace perdure::persistence {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kConnectLimit = absl::Seconds(5);
constexpr char kDroppedOptions[] =
    "the options of the connection's start were dropped, as by a pooler: set store.pgbouncer to true";

constexpr char kLostNames[] =
    " (statements lose their names on the way: set PgBouncer's max_prepared_statements above 0, or "
    "store.pgbouncer to true)";

std::string FieldOf(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? "" : text;
}

}  // namespace

PgConnection::PgConnection(EventLoop& loop, Options options)
    : loop_(loop), options_(std::move(options)), pause_(kFirstPause) {}

PgConnection::~PgConnection() { End(); }

void PgConnection::End() {
  Watch(nullptr, nullptr);
  Lose("the session has ended");
}

void PgConnection::Watch(std::function<void()> lost, std::function<void()> ready) {
  lost_ = std::move(lost);
  ready_ = std::move(ready);
}

void PgConnection::EndPause() {
  pause_ = kFirstPause;
  not_before_ = absl::ZeroDuration();
}

void PgConnection::Submit(std::vector<PgStatement> statements, Done done) {
  if (state_ == State::kIdle && loop_.Monotonic() < not_before_) {
    PgAnswer answer;
    answer.message = "the connection was lost a moment ago";
    std::move(done)(std::move(answer));
    return;
  }
  exchanges_.push_back({std::move(statements), std::move(done), false, {}});
  if (state_ == State::kIdle) Connect();
  if (state_ == State::kReady) SendWaiting();
}

void PgConnection::Connect() {
  state_ = State::kConnecting;
  const absl::StatusOr<PgLogin> login = ReadLogin(options_.target);
  if (!login.ok()) {
    LoseConnecting(std::string(login.status().message()));
    return;
  }
  // What the connection string says wins, but for the options, which `startup` has among its own.
  const std::string& startup = options_.startup;
  const char* const keywords[] = {"keepalives_idle",
                                  "keepalives_interval",
                                  "keepalives_count",
                                  "tcp_user_timeout",
                                  "application_name",
                                  "dbname",
                                  startup.empty() ? "user" : "options",
                                  login->password.empty() ? nullptr : "password",
                                  nullptr};
  const char* const values[] = {"5",
                                "2",
                                "3",
                                "15000",
                                "perdure",
                                login->connection.c_str(),
                                startup.c_str(),
                                login->password.c_str(),
                                nullptr};
  connection_ = PQconnectStartParams(keywords, values, /*expand_dbname=*/1);
  if (connection_ == nullptr || PQstatus(connection_) == CONNECTION_BAD) {
    LoseConnecting(connection_ == nullptr ? "out of memory" : PQerrorMessage(connection_));
    return;
  }
  PQsetNoticeReceiver(connection_, &PgConnection::OnNotice, this);
  connect_limit_ = loop_.RunAfter(kConnectLimit, [this] {
    connect_limit_ = Executor::kNoTimer;
    LoseConnecting("no connection within 5 seconds");
  });
  WatchConnecting(/*writable=*/true);
}

void PgConnection::WatchConnecting(bool writable) {
  watched_ = PQsocket(connection_);
  loop_.Watch(watched_, {.readable = !writable, .writable = writable},
              [this](EventLoop::Interest) { OnConnecting(); });
}

void PgConnection::OnConnecting() {
  // libpq may close this socket and go on to another address with another one, of the same number even.
  loop_.Unwatch(std::exchange(watched_, -1));
  const PostgresPollingStatusType polled = PQconnectPoll(connection_);
  if (polled == PGRES_POLLING_FAILED) {
    LoseConnecting(PQerrorMessage(connection_));
    return;
  }
  if (polled != PGRES_POLLING_OK) {
    WatchConnecting(polled == PGRES_POLLING_WRITING);
    return;
  }
  loop_.Cancel(std::exchange(connect_limit_, Executor::kNoTimer));
  PQsetnonblocking(connection_, 1);
  PERDURE_CHECK(PQenterPipelineMode(connection_) == 1, "a new connection can enter pipeline mode");
  state_ = State::kReady;
  guarded_ = options_.guard.empty();
  pause_ = kFirstPause;
  want_write_ = false;
  watched_ = PQsocket(connection_);
  loop_.Watch(watched_, {.readable = true, .writable = false},
              [this](EventLoop::Interest ready) { OnReady(ready); });
  if (ready_) ready_();
  if (options_.observer != nullptr) options_.observer->OnReach("");
  SendWaiting();
}

void PgConnection::SendWaiting() {
  for (Exchange& exchange : exchanges_) {
    if (exchange.sent && !guarded_) return;
    if (exchange.sent) continue;
    if (!Send(exchange)) {
      Lose(PQerrorMessage(connection_));
      return;
    }
    if (!guarded_) break;  // the rest waits for its answer
  }
  if (silence_ == Executor::kNoTimer) CountSilence();
  Flush();
}

bool PgConnection::Send(Exchange& exchange) {
  exchange.sent = true;
  const size_t count = exchange.statements.size();
  exchange.answer.results.resize(count);
  if (!guarded_) {
    for (const PgStatement& guard : options_.guard) {
      if (!SendStatement(guard, {Expected::Kind::kGuard, count, guard.name})) return false;
    }
  }
  for (const PgStatement& setting : options_.prologue) {
    if (!SendStatement(setting, {Expected::Kind::kPrologue, count, setting.name})) return false;
  }
  for (size_t i = 0; i < count; ++i) {
    const PgStatement& statement = exchange.statements[i];
    if (!SendStatement(statement, {Expected::Kind::kStatement, i, statement.name})) return false;
  }
  if (PQpipelineSync(connection_) == 0) return false;
  expected_.push_back({Expected::Kind::kSync, 0, {}});
  return true;
}

bool PgConnection::SendStatement(const PgStatement& statement, Expected expected) {
  const auto count = static_cast<int>(statement.params.size());
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const std::string& param : statement.params) {
    values.push_back(param.data());
    lengths.push_back(static_cast<int>(param.size()));
  }
  const std::vector<int> formats(statement.params.size(), 1);
  const bool named = options_.named_statements && !statement.name.empty();
  const std::string name(statement.name);
  if (named && !prepared_.contains(statement.name) && preparing_.insert(statement.name).second) {
    if (PQsendPrepare(connection_, name.c_str(), statement.sql.c_str(), 0, nullptr) == 0) return false;
    expected_.push_back({Expected::Kind::kPrepare, expected.statement, statement.name});
  }
  const int sent = named ? PQsendQueryPrepared(connection_, name.c_str(), count, values.data(),
                                               lengths.data(), formats.data(), 1)
                         : PQsendQueryParams(connection_, statement.sql.c_str(), count, nullptr,
                                             values.data(), lengths.data(), formats.data(), 1);
  if (sent == 0) return false;
  expected_.push_back(expected);
  return true;
}

void PgConnection::Flush() {
  const int left = PQflush(connection_);
  if (left < 0) {
    Lose(PQerrorMessage(connection_));
    return;
  }
  if (want_write_ == (left > 0)) return;
  want_write_ = left > 0;
  loop_.SetInterest(watched_, {.readable = true, .writable = want_write_});
}

void PgConnection::OnReady(EventLoop::Interest ready) {
  if (ready.readable && PQconsumeInput(connection_) == 0) {
    Lose(PQerrorMessage(connection_));
    return;
  }
  if (ready.readable) ReadResults();
  if (state_ == State::kReady && ready.writable) Flush();
}

void PgConnection::ReadResults() {
  while (state_ == State::kReady && PQisBusy(connection_) == 0) {
    PgResult result(PQgetResult(connection_));
    if (result == nullptr) {
      // A null ends one statement's results; a second one in a row means that nothing is left.
      if (!have_result_ || expected_.empty()) break;
      have_result_ = false;
      expected_.pop_front();
      continue;
    }
    OnResult(std::move(result));
  }
  if (state_ == State::kReady && PQstatus(connection_) == CONNECTION_BAD) Lose(PQerrorMessage(connection_));
}

void PgConnection::OnResult(PgResult result) {
  const ExecStatusType status = PQresultStatus(result.get());
  if (expected_.empty()) {
    Lose("an answer to nothing that was asked");
    return;
  }
  const Expected expected = expected_.front();
  Exchange& exchange = exchanges_.front();
  if (status == PGRES_PIPELINE_SYNC) {
    PERDURE_CHECK(expected.kind == Expected::Kind::kSync, "every statement is answered before its Sync");
    expected_.pop_front();
    FinishFront();
    return;
  }
  if (status == PGRES_FATAL_ERROR && expected.kind == Expected::Kind::kGuard) {
    LoseConnecting(kDroppedOptions);
    return;
  }
  if (status == PGRES_FATAL_ERROR) {
    exchange.answer.kind = PgAnswer::Kind::kError;
    exchange.answer.sqlstate = FieldOf(result.get(), PG_DIAG_SQLSTATE);
    exchange.answer.message = PgOneLine(PQresultErrorMessage(result.get()));
    exchange.answer.failed_statement = expected.statement;
    if (exchange.answer.sqlstate.empty()) {  // made by libpq itself: the connection is gone
      Lose(exchange.answer.message);
      return;
    }
    if (expected.kind != Expected::Kind::kSync) have_result_ = true;
    return;
  }
  have_result_ = true;
  if (status == PGRES_PIPELINE_ABORTED) return;
  if (expected.kind == Expected::Kind::kPrepare) {
    prepared_.insert(expected.name);
    preparing_.erase(expected.name);
  } else if (expected.kind == Expected::Kind::kGuard) {
    guarded_ = true;
    SendWaiting();
  } else if (expected.kind == Expected::Kind::kStatement) {
    exchange.answer.results[expected.statement] = std::move(result);
  }
}

void PgConnection::FinishFront() {
  Exchange exchange = std::move(exchanges_.front());
  exchanges_.pop_front();
  if (std::exchange(told_silence_, false)) options_.observer->OnReach("");
  CountSilence();
  if (exchange.answer.kind == PgAnswer::Kind::kNotSent) exchange.answer.kind = PgAnswer::Kind::kDone;
  // A plan that a migration made void, or a statement whose preparation was rolled back with its transaction:
  // what this connection knows is not what we think, so the next exchange makes a new one.
  const std::string& state = exchange.answer.sqlstate;
  const bool unnamed = state == "26000" || state == "42P05";
  bool stale = unnamed || state == "0A000";
  if (unnamed && !options_.prologue.empty()) exchange.answer.message += kLostNames;
  if (exchange.answer.kind == PgAnswer::Kind::kError) {
    bool unanswered = false;
    const auto forget = [&](const std::vector<PgStatement>& statements) {
      for (const PgStatement& statement : statements) {
        unanswered = preparing_.erase(statement.name) > 0 || unanswered;
      }
    };
    forget(options_.prologue);
    forget(exchange.statements);
    // What PostgreSQL has passed over, a pooler has noted all the same, and refuses to be told again.
    stale = stale || (unanswered && !options_.prologue.empty());
  }
  std::move(exchange.done)(std::move(exchange.answer));
  if (stale && state_ == State::kReady) {
    Lose("the prepared statements are stale");
    not_before_ = absl::ZeroDuration();
  }
}

void PgConnection::CountSilence() {
  loop_.Cancel(std::exchange(silence_, Executor::kNoTimer));
  if (exchanges_.empty() || options_.observer == nullptr || silence_limit_ == absl::InfiniteDuration())
    return;
  silence_ = loop_.RunAfter(silence_limit_, [this] {
    silence_ = Executor::kNoTimer;
    told_silence_ = true;
    options_.observer->OnReach(absl::StrCat("no answer for ", absl::FormatDuration(silence_limit_)));
    CountSilence();
  });
}

void PgConnection::LoseConnecting(const std::string& message) {
  if (options_.observer != nullptr) options_.observer->OnReach(PgOneLine(message));
  Lose(message);
}

void PgConnection::Lose(const std::string& message) {
  const std::string why = PgOneLine(message);
  if (watched_ >= 0) loop_.Unwatch(watched_);
  watched_ = -1;
  loop_.Cancel(std::exchange(connect_limit_, Executor::kNoTimer));
  if (connection_ != nullptr) PQfinish(connection_);
  connection_ = nullptr;
  if (state_ == State::kReady && lost_) lost_();
  state_ = State::kIdle;
  prepared_.clear();
  preparing_.clear();
  expected_.clear();
  have_result_ = false;
  guarded_ = false;
  told_silence_ = false;
  loop_.Cancel(std::exchange(silence_, Executor::kNoTimer));
  not_before_ = loop_.Monotonic() + pause_ * (0.5 + loop_.random().Fraction() / 2);
  pause_ = std::min(pause_ * 2, longest_pause_);
  for (Exchange& exchange : std::exchange(exchanges_, {})) {
    PgAnswer answer;
    answer.kind = exchange.sent ? PgAnswer::Kind::kLost : PgAnswer::Kind::kNotSent;
    answer.message = why;
    std::move(exchange.done)(std::move(answer));
  }
}

void PgConnection::OnNotice(void* connection, const PGresult* notice) {
  // The one warning that our statements can meet: the transaction is committed here, but a synchronous
  // standby was not awaited, so a failover may lose it. Known by its severity, because its words depend on
  // the server's language.
  if (FieldOf(notice, PG_DIAG_SEVERITY_NONLOCALIZED) != "WARNING") return;
  auto& self = *static_cast<PgConnection*>(connection);
  if (self.state_ != State::kReady || self.exchanges_.empty()) return;
  self.exchanges_.front().answer.kind = PgAnswer::Kind::kLost;
  self.exchanges_.front().answer.message = FieldOf(notice, PG_DIAG_MESSAGE_PRIMARY);
}

}  // namespace perdure::persistence
