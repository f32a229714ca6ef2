#include "persistence/migrate.h"

#include "absl/strings/str_cat.h"

namespace perdure::persistence {

absl::Status CheckSchema(const SchemaVersion& version, std::string_view command) {
  if (version.found >= version.needed) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the database's schema has version ", version.found,
                                                    ", this program needs ", version.needed, ": run `",
                                                    std::string(command), "`"));
}

absl::StatusOr<int> ApplyMigrations(MigrationTarget& target, const std::vector<Migration>& migrations,
                                    const std::function<void(const Migration&)>& progress) {
  const absl::StatusOr<int> version = target.Version();
  if (!version.ok()) return version.status();
  int applied = 0;
  for (const Migration& migration : migrations) {
    if (migration.version <= *version) continue;
    if (progress) progress(migration);
    if (absl::Status status = target.Apply(migration); !status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat("migration ", std::string(migration.name), ": ", status.message()));
    }
    ++applied;
  }
  return applied;
}

}  // namespace perdure::persistence
