// The SQLite store's part in the contract suite.
#include <catch2/catch.hpp>
#include <filesystem>

#include "persistence/contract/harness.h"
#include "persistence/sqlite/connection.h"
#include "persistence/sqlite/sqlite_store.h"
#include "persistence/sqlite/testing/temporary_folder.h"

namespace perdure::persistence::contract {
namespace {

class SqliteBackend final : public Backend {
 public:
  SqliteBackend() { Open(); }

  Store& store() override { return *store_; }
  int64_t CountHistoryRows(const RunKey& key) override {
    const auto connection = SqliteConnection::Open(Path(), {}, SqliteConnection::Mode::kReadOnly);
    REQUIRE(connection.ok());
    auto count =
        (*connection)->Prepare("SELECT count(*) FROM history WHERE shard = ?1 AND run_id = ?2 AND kind = ?3");
    REQUIRE(count.ok());
    REQUIRE(count->Bind(int64_t{key.shard}, key.run_id, int64_t{key.kind}).Step() == SQLITE_ROW);
    return count->Int(0);
  }
  bool HasConnection() const override { return false; }
  void LoseNextAnswer(Loss) override { FAIL("SQLite has no connection"); }
  void StallNextBatch() override { FAIL("SQLite has no connection"); }
  void ReleaseStalledBatch() override { FAIL("SQLite has no connection"); }

  void Save() override {
    store_.reset();
    std::filesystem::copy_file(Path(), folder_.path() / "saved.db");
    Open();
  }
  void GoBack() override {
    store_.reset();
    std::filesystem::copy_file(folder_.path() / "saved.db", Path(),
                               std::filesystem::copy_options::overwrite_existing);
    Open();
  }

 private:
  std::filesystem::path Path() const { return folder_.path() / "store.db"; }
  void Open() {
    SqliteStoreOptions options;
    options.path = Path();
    auto opened = OpenSqliteStore(options);
    INFO(opened.status().ToString());
    REQUIRE(opened.ok());
    store_ = *std::move(opened);
  }

  TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
};

}  // namespace

std::unique_ptr<Backend> NewBackend() { return std::make_unique<SqliteBackend>(); }

}  // namespace perdure::persistence::contract
