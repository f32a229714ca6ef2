#include "persistence/postgres/pg_keys.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/text.h"

namespace perdure::persistence {
namespace {

// What the CREATE statements of some migrations make, as rows of SQL's VALUES.
struct Made {
  std::vector<std::string> tables;   // a name, and how many keys it has
  std::vector<std::string> indexes;  // a name
};

int CountOf(absl::string_view text, absl::string_view word) {
  int count = 0;
  for (size_t at = text.find(word); at != absl::string_view::npos; at = text.find(word, at + word.size()))
    ++count;
  return count;
}

// The word behind `keyword`; empty where the statement has no such keyword.
absl::string_view NameBehind(const std::vector<absl::string_view>& words, absl::string_view keyword) {
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == keyword) return words[i + 1];
  }
  return "";
}

void AddStatement(absl::string_view statement, Made& made) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(statement, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  if (words.empty() || words[0] != "CREATE") return;
  if (words[1] == "TABLE") {
    const int keys = CountOf(statement, "PRIMARY KEY") + CountOf(statement, "UNIQUE");
    made.tables.push_back(absl::StrCat("('", NameBehind(words, "TABLE"), "', ", keys, ")"));
  } else if (words[1] == "INDEX" || words[1] == "UNIQUE") {
    made.indexes.push_back(absl::StrCat("('", NameBehind(words, "INDEX"), "')"));
  }
}

Made MadeBy(const std::vector<Migration>& migrations, int version) {
  Made made;
  for (const Migration& migration : migrations) {
    if (migration.version > version) continue;
    std::string sql;
    for (const absl::string_view line : absl::StrSplit(AbslView(migration.sql), '\n')) {
      absl::StrAppend(&sql, line.substr(0, line.find("--")), "\n");
    }
    for (const absl::string_view statement : absl::StrSplit(sql, ';')) {
      AddStatement(statement, made);
    }
  }
  return made;
}

}  // namespace

absl::Status CheckKeys(PgBlocking& server, const std::vector<Migration>& migrations, int version) {
  const Made made = MadeBy(migrations, version);
  if (made.tables.empty() || made.indexes.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> without = server.Text(absl::StrCat(
      "SELECT coalesce(string_agg(name, ', ' ORDER BY name), '') FROM ("
      "SELECT name FROM (VALUES ",
      absl::StrJoin(made.tables, ", "),
      ") AS needed (name, keys) WHERE keys > ("
      "SELECT count(*) FROM pg_catalog.pg_index WHERE indrelid = to_regclass(name) AND indisunique AND "
      "indisvalid "
      "AND indpred IS NULL) UNION ALL "
      "SELECT name FROM (VALUES ",
      absl::StrJoin(made.indexes, ", "),
      ") AS needed (name) WHERE NOT EXISTS ("
      "SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass(name) AND indisvalid)) AS missing"));
  if (!without.ok()) return without.status();
  if (without->empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the database lacks keys of its schema (", *without,
                   "): a dump was restored in part, or while a server ran. Stop all servers, and restore it "
                   "into an empty database"));
}

}  // namespace perdure::persistence
