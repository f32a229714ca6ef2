#include "persistence/postgres/pg_blocking.h"

#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "persistence/postgres/pg_value.h"

namespace perdure::persistence {
namespace {

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
  if (PQstatus(result.connection_.get()) != CONNECTION_OK) return result.Error();
  return result;
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

absl::Status PgBlocking::Error() const {
  return absl::UnavailableError(PgOneLine(PQerrorMessage(connection_.get())));
}

}  // namespace perdure::persistence
