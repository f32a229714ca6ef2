// PostgreSQL's binary formats: parameters out, results in. Arrays are one-dimensional and hold no null.
// Values; safe anywhere.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace perdure::persistence {

struct PgClear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, PgClear>;

// A message of libpq, which has line feeds.
std::string PgOneLine(std::string message);

std::string PgInt2(int16_t value);
std::string PgInt4(int32_t value);
std::string PgInt8(int64_t value);
std::string PgBool(bool value);
// An event id as a bound of a range: what is beyond the column is as good as its end.
int32_t PgEventId(int64_t id);
inline std::string PgUuid(const Uuid& value) { return std::string(value.View()); }

// An array of bytea as the text of its literal; empty for none: arrays of arrays are none of PostgreSQL's.
std::string PgByteaArray(const std::vector<std::string>& elements);

// An array parameter that grows element by element.
class PgArray {
 public:
  // pg_type's oids.
  enum class Type : uint32_t {
    kBool = 16,
    kBytea = 17,
    kInt8 = 20,
    kInt2 = 21,
    kInt4 = 23,
    kText = 25,
    kUuid = 2950
  };

  explicit PgArray(Type type) : type_(type) {}

  void Add(bool value);
  void Add(int16_t value);
  void Add(int32_t value);
  void Add(int64_t value);
  void Add(const Uuid& value);
  void Add(std::string_view bytes);
  bool empty() const { return count_ == 0; }

  // The array in wire form; this object is then spent.
  std::string Take() &&;

 private:
  void AddSize(size_t size);
  void BeginWire();

  Type type_;
  uint32_t count_ = 0;
  // Empty before the first element: most arrays of most batches stay so. Its header is still without the
  // count.
  std::string wire_;
};

// Columns of a binary result. REQUIRES: the column has that type and is not null.
int16_t PgGetInt2(const PGresult& result, int row, int column);
int32_t PgGetInt4(const PGresult& result, int row, int column);
int64_t PgGetInt8(const PGresult& result, int row, int column);
bool PgGetBool(const PGresult& result, int row, int column);
Uuid PgGetUuid(const PGresult& result, int row, int column);
std::string PgGetBytes(const PGresult& result, int row, int column);

}  // namespace perdure::persistence
