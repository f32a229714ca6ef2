#include "persistence/migrate.h"

#include "absl/strings/str_cat.h"

namespace perdure::persistence {

SchemaVersion VersionOf(int found, const std::vector<Migration>& carried) {
  return {found, carried.back().version, carried.front().version};
}

absl::Status CheckNotTooOld(int found, int oldest) {
  if (found == 0 || found >= oldest) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the database's schema has version ", found, ", and this program reads none before ",
                   oldest, ": use an empty database, or the release that made this one"));
}

absl::Status CheckSchema(const SchemaVersion& version, std::string_view command) {
  if (version.found >= version.needed) return absl::OkStatus();
  if (absl::Status status = CheckNotTooOld(version.found, version.oldest); !status.ok()) return status;
  return absl::FailedPreconditionError(absl::StrCat("the database's schema has version ", version.found,
                                                    ", this program needs ", version.needed, ": run `",
                                                    std::string(command), "`"));
}

absl::StatusOr<int> ApplyMigrations(MigrationTarget& target, const std::vector<Migration>& migrations,
                                    const std::function<void(const Migration&)>& progress) {
  const absl::StatusOr<int> version = target.Version();
  if (!version.ok()) return version.status();
  if (migrations.empty()) return 0;
  absl::Status status = CheckNotTooOld(*version, migrations.front().version);
  if (!status.ok()) return status;
  int applied = 0;
  for (const Migration& migration : migrations) {
    if (migration.version <= *version) continue;
    if (progress) progress(migration);
    status = target.Apply(migration);
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat("migration ", std::string(migration.name), ": ", status.message()));
    }
    ++applied;
  }
  return applied;
}

}  // namespace perdure::persistence
