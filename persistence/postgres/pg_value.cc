#include "persistence/postgres/pg_value.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace perdure::persistence {
namespace {

template <typename T>
void AppendBigEndian(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes{};
  size_t shift = sizeof(T) * 8;
  for (char& byte : bytes) byte = static_cast<char>(value >> (shift -= 8) & 0xff);
  out.append(bytes.data(), bytes.size());
}

template <typename T>
T ReadBigEndian(std::string_view bytes) {
  PERDURE_CHECK(bytes.size() == sizeof(T), "a column has the width of its type");
  T value = 0;
  for (const char byte : bytes) value = static_cast<T>(value << 8 | static_cast<uint8_t>(byte));
  return value;
}

std::string_view Cell(const PGresult& result, int row, int column) {
  PERDURE_CHECK(PQgetisnull(&result, row, column) == 0, "no column that is read may be null");
  return {PQgetvalue(&result, row, column), static_cast<size_t>(PQgetlength(&result, row, column))};
}

// Where an array's wire form says how many elements it has.
constexpr size_t kCountAt = 12;

}  // namespace

int32_t PgEventId(int64_t id) {
  return static_cast<int32_t>(std::clamp<int64_t>(id, 0, std::numeric_limits<int32_t>::max()));
}

std::string PgOneLine(std::string message) {
  while (!message.empty() && message.back() == '\n') message.pop_back();
  std::replace(message.begin(), message.end(), '\n', ' ');
  return message;
}

std::string PgInt2(int16_t value) {
  std::string out;
  AppendBigEndian(out, static_cast<uint16_t>(value));
  return out;
}

std::string PgInt4(int32_t value) {
  std::string out;
  AppendBigEndian(out, static_cast<uint32_t>(value));
  return out;
}

std::string PgInt8(int64_t value) {
  std::string out;
  AppendBigEndian(out, static_cast<uint64_t>(value));
  return out;
}

std::string PgBool(bool value) { return std::string(1, value ? '\1' : '\0'); }

std::string PgByteaArray(const std::vector<std::string>& elements) {
  std::string literal;
  for (const std::string& element : elements) {
    absl::StrAppend(&literal, literal.empty() ? "{" : ",", R"("\\x)", absl::BytesToHexString(element),
                    R"(")");
  }
  if (!literal.empty()) literal.push_back('}');
  return literal;
}

void PgArray::AddSize(size_t size) {
  if (count_ == 0) BeginWire();
  ++count_;
  AppendBigEndian(wire_, static_cast<uint32_t>(size));
}

void PgArray::BeginWire() {
  AppendBigEndian(wire_, uint32_t{1});  // dimensions
  AppendBigEndian(wire_, uint32_t{0});  // no nulls
  AppendBigEndian(wire_, static_cast<uint32_t>(type_));
  AppendBigEndian(wire_, uint32_t{0});  // count
  AppendBigEndian(wire_, uint32_t{1});  // lower bound
}

void PgArray::Add(bool value) { Add(std::string_view(value ? "\1" : "\0", 1)); }
void PgArray::Add(int16_t value) {
  AddSize(sizeof(value));
  AppendBigEndian(wire_, static_cast<uint16_t>(value));
}
void PgArray::Add(int32_t value) {
  AddSize(sizeof(value));
  AppendBigEndian(wire_, static_cast<uint32_t>(value));
}
void PgArray::Add(int64_t value) {
  AddSize(sizeof(value));
  AppendBigEndian(wire_, static_cast<uint64_t>(value));
}
void PgArray::Add(const Uuid& value) { Add(value.View()); }
void PgArray::Add(std::string_view bytes) {
  AddSize(bytes.size());
  wire_.append(bytes);
}

std::string PgArray::Take() && {
  if (count_ == 0) BeginWire();
  std::string count;
  AppendBigEndian(count, count_);
  wire_.replace(kCountAt, count.size(), count);
  return std::move(wire_);
}

int16_t PgGetInt2(const PGresult& result, int row, int column) {
  return static_cast<int16_t>(ReadBigEndian<uint16_t>(Cell(result, row, column)));
}

int32_t PgGetInt4(const PGresult& result, int row, int column) {
  return static_cast<int32_t>(ReadBigEndian<uint32_t>(Cell(result, row, column)));
}

int64_t PgGetInt8(const PGresult& result, int row, int column) {
  return static_cast<int64_t>(ReadBigEndian<uint64_t>(Cell(result, row, column)));
}

bool PgGetBool(const PGresult& result, int row, int column) { return Cell(result, row, column) == "\1"; }

Uuid PgGetUuid(const PGresult& result, int row, int column) {
  const std::optional<Uuid> id = Uuid::FromBytes(Cell(result, row, column));
  PERDURE_CHECK(id.has_value(), "a uuid has 16 bytes");
  return *id;
}

std::string PgGetBytes(const PGresult& result, int row, int column) {
  return std::string(Cell(result, row, column));
}

}  // namespace perdure::persistence
