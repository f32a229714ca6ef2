#include "persistence/postgres/pg_target.h"

#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace perdure::persistence {
namespace {

absl::StatusOr<std::string> Read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) return absl::FailedPreconditionError(absl::StrCat("cannot read ", path, ": make it readable"));
  std::string text = content.str();
  absl::StripTrailingAsciiWhitespace(&text);
  return text;
}

}  // namespace

absl::StatusOr<PgLogin> ReadLogin(const PgTarget& target) {
  PgLogin login{target.connection, ""};
  if (!target.connection_file.empty()) {
    absl::StatusOr<std::string> connection = Read(target.connection_file);
    if (!connection.ok()) return connection.status();
    login.connection = *std::move(connection);
  }
  if (!target.password_file.empty()) {
    absl::StatusOr<std::string> password = Read(target.password_file);
    if (!password.ok()) return password.status();
    login.password = *std::move(password);
  }
  return login;
}

}  // namespace perdure::persistence
