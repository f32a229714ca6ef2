// The databases that a test's rows can be in, each empty and its own. Not thread-safe.
//
// REQUIRES: PERDURE_TEST_POSTGRES names a server, or PERDURE_TEST_NO_POSTGRES=1 says that none is tested
// (this program then says so).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/history/testing/patient_store.h"

namespace perdure::server::testing {

class TestDatabase {
 public:
  virtual ~TestDatabase() = default;
  // Opens what is there once more.
  virtual std::unique_ptr<persistence::Store> Open() = 0;
  virtual int64_t CountRows(const std::string& table) = 0;
};

enum class DatabaseKind { kSqlite, kPostgres };

// Null where that kind is not tested.
std::unique_ptr<TestDatabase> NewTestDatabase(DatabaseKind kind);

}  // namespace perdure::server::testing
