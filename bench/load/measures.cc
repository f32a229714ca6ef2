#include "bench/load/measures.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace perdure::bench {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The fields of /proc/PID/stat behind the command name, which may hold spaces.
std::vector<std::string> StatFields(int pid) {
  const std::string text = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  return absl::StrSplit(text.substr(name_end + 2), ' ');
}

double OwnCpuSeconds(int pid, bool with_ended_children) {
  constexpr size_t kUserTime = 11;  // utime, stime, cutime, cstime follow one another
  const std::vector<std::string> fields = StatFields(pid);
  if (fields.size() <= kUserTime + 3) return 0;
  int64_t ticks = 0;
  for (size_t i = kUserTime; i < kUserTime + (with_ended_children ? 4 : 2); ++i) {
    int64_t value = 0;
    if (absl::SimpleAtoi(fields[i], &value)) ticks += value;
  }
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

bool IsChildOf(int pid, int parent) {
  const std::vector<std::string> fields = StatFields(pid);
  int found = 0;
  return fields.size() > 1 && absl::SimpleAtoi(fields[1], &found) && found == parent;
}

int64_t StatusKilobytes(int pid, absl::string_view key) {
  for (const absl::string_view line :
       absl::StrSplit(ReadFile(absl::StrCat("/proc/", pid, "/status")), '\n', absl::SkipEmpty())) {
    if (!absl::StartsWith(line, key)) continue;
    const std::vector<absl::string_view> parts =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    int64_t value = 0;
    if (parts.size() > 1 && absl::SimpleAtoi(parts[1], &value)) return value;
  }
  return 0;
}

absl::StatusOr<std::string> DatabaseOf(const std::string& text) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(text.c_str(), &message), &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owned(message, &PQfreemem);
  if (options == nullptr) return absl::InvalidArgumentError(message);
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (absl::string_view(option->keyword) == "dbname" && option->val != nullptr) return option->val;
  }
  return absl::InvalidArgumentError("the connection string names no database");
}

absl::StatusOr<int64_t> QueryNumber(PGconn* connection, const char* sql, const std::string& database) {
  const char* const parameter = database.c_str();
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexecParams(connection, sql, 1, nullptr, &parameter, nullptr, nullptr, 0), &PQclear);
  int64_t value = 0;
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK || PQntuples(result.get()) != 1 ||
      !absl::SimpleAtoi(PQgetvalue(result.get(), 0, 0), &value)) {
    return absl::UnavailableError(PQerrorMessage(connection));
  }
  return value;
}

}  // namespace

absl::StatusOr<ProcessUse> ReadProcess(int pid) {
  if (StatFields(pid).empty()) return absl::NotFoundError(absl::StrCat("no process ", pid));
  ProcessUse use;
  use.cpu_seconds = OwnCpuSeconds(pid, true);
  use.resident_bytes = StatusKilobytes(pid, "VmRSS:") * 1024;
  use.peak_bytes = StatusKilobytes(pid, "VmHWM:") * 1024;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    int child = 0;
    if (absl::SimpleAtoi(entry.path().filename().string(), &child) && IsChildOf(child, pid)) {
      use.cpu_seconds += OwnCpuSeconds(child, false);
    }
  }
  return use;
}

absl::StatusOr<PostgresUse> ReadPostgres(const std::string& text) {
  const absl::StatusOr<std::string> database = DatabaseOf(text);
  if (!database.ok()) return database.status();
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(
      PQconnectdb(absl::StrCat(text, " dbname=postgres").c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK)
    return absl::UnavailableError(PQerrorMessage(connection.get()));
  PostgresUse use;
  absl::Status status;
  const auto read = [&](const char* sql, int64_t& into) {
    if (!status.ok()) return;
    absl::StatusOr<int64_t> value = QueryNumber(connection.get(), sql, *database);
    if (value.ok()) into = *value;
    status = value.status();
  };
  // Statistics of the other backends reach the shared counters within a second of their going idle.
  read("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint WHERE $1 <> ''", use.wal_bytes);
  read("SELECT xact_commit FROM pg_stat_database WHERE datname = $1", use.commits);
  read("SELECT pg_database_size($1::name)", use.database_bytes);
  if (!status.ok()) return status;
  read(
      "SELECT COALESCE(sum(calls), 0)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid "
      "WHERE d.datname = $1",
      use.statements);
  return use;
}

}  // namespace perdure::bench
