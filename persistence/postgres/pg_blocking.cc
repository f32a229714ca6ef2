#include "persistence/postgres/pg_blocking.h"

#include <poll.h>

#include <memory>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "persistence/postgres/pg_value.h"

namespace perdure::persistence {
namespace {

constexpr int kRefusalMilliseconds = 5000;

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

// libpq's words of a string that it does not understand, without the parts of the string that it quotes: they
// may hold the password.
std::string WithoutQuotes(const std::string& text) {
  std::string out;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted) out.push_back(c);
    if (c == '"' && quoted) out += "\"...";
  }
  return out;
}

// The SQLSTATE by which a server refuses the connection; empty where it tells none. libpq tells it in the
// text only, and only to who asks for it before the server answers.
std::string RefusalOf(const char* const* keywords, const char* const* values) {
  const std::unique_ptr<PGconn, FinishConnection> connection(PQconnectStartParams(keywords, values, 1));
  if (connection == nullptr || PQstatus(connection.get()) == CONNECTION_BAD) return "";
  PQsetErrorVerbosity(connection.get(), PQERRORS_SQLSTATE);
  PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
  while (wanted == PGRES_POLLING_WRITING || wanted == PGRES_POLLING_READING) {
    pollfd socket{};
    socket.fd = PQsocket(connection.get());
    socket.events = wanted == PGRES_POLLING_WRITING ? POLLOUT : POLLIN;
    if (poll(&socket, 1, kRefusalMilliseconds) <= 0) return "";
    wanted = PQconnectPoll(connection.get());
  }
  const std::string text = PgOneLine(PQerrorMessage(connection.get()));
  constexpr size_t kLength = 5;
  return text.size() < kLength ? "" : text.substr(text.size() - kLength);
}

// A refusal that waiting will not change: the user, the password, the database's name, the right to connect.
bool IsForGood(const std::string& sqlstate) {
  return absl::StartsWith(sqlstate, "28") || absl::StartsWith(sqlstate, "3D") || sqlstate == "42501";
}

}  // namespace

absl::StatusOr<PgBlocking> PgBlocking::Connect(const PgTarget& target) {
  const absl::StatusOr<PgLogin> login = ReadLogin(target);
  if (!login.ok()) return login.status();
  char* wrong = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> parsed(
      PQconninfoParse(login->connection.c_str(), &wrong));
  if (parsed == nullptr) {
    const std::string why = wrong == nullptr ? "out of memory" : PgOneLine(wrong);
    PQfreemem(wrong);
    return absl::InvalidArgumentError(absl::StrCat("not a connection string: ", WithoutQuotes(why)));
  }
  PgBlocking result;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) == "options" && option->val != nullptr)
      result.options_ = option->val;
  }
  const char* const keywords[] = {"connect_timeout", "application_name", "dbname",
                                  login->password.empty() ? nullptr : "password", nullptr};
  const char* const values[] = {"10", "perdure", login->connection.c_str(), login->password.c_str(), nullptr};
  result.connection_.reset(PQconnectdbParams(keywords, values, /*expand_dbname=*/1));
  if (PQstatus(result.connection_.get()) == CONNECTION_OK) return result;
  absl::Status error = result.Error();
  const bool answered = PQpingParams(keywords, values, /*expand_dbname=*/1) == PQPING_OK;
  if (!answered || !IsForGood(RefusalOf(keywords, values))) return error;
  return absl::PermissionDeniedError(error.message());
}

absl::Status PgBlocking::Run(const std::string& sql) { return Text(sql).status(); }

absl::StatusOr<std::string> PgBlocking::Text(const std::string& sql) {
  const PgResult result(PQexec(connection_.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return Error();
  if (PQntuples(result.get()) == 0) return std::string();
  return std::string(PQgetvalue(result.get(), 0, 0));
}

absl::StatusOr<int> PgBlocking::Number(const std::string& sql) {
  const absl::StatusOr<std::string> text = Text(sql);
  if (!text.ok()) return text.status();
  int number = 0;
  if (!absl::SimpleAtoi(*text, &number)) return absl::InternalError(absl::StrCat("not a number: ", *text));
  return number;
}

absl::Status PgBlocking::Prepare(const std::string& name, const std::string& sql) {
  const PgResult result(PQprepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr));
  return PQresultStatus(result.get()) == PGRES_COMMAND_OK ? absl::OkStatus() : Error();
}

absl::Status PgBlocking::Error() const {
  return absl::UnavailableError(PgOneLine(PQerrorMessage(connection_.get())));
}

}  // namespace perdure::persistence
