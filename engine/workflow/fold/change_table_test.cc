#include "engine/workflow/fold/change_table.h"

#include <catch2/catch.hpp>

namespace perdure::engine::workflow {
namespace {

using perdure::engine::Change;

TEST_CASE("each kind of change that can be stored has its row, and a name") {
  const auto* kinds = Change::descriptor()->FindOneofByName("kind");
  REQUIRE(kinds != nullptr);
  for (int i = 0; i < kinds->field_count(); ++i) {
    INFO(kinds->field(i)->name());
    const auto kind = static_cast<Change::KindCase>(kinds->field(i)->number());
    const ChangeRow* row = FindChangeRow(kind);
    REQUIRE(row != nullptr);
    CHECK(row->kind == kind);
    CHECK(row->fold != nullptr);
    CHECK(NameOf(kind) == kinds->field(i)->name());
  }
}

TEST_CASE("a kind of a later release has no row") {
  CHECK(FindChangeRow(Change::KIND_NOT_SET) == nullptr);
  CHECK(FindChangeRow(static_cast<Change::KindCase>(1000)) == nullptr);
  CHECK(NameOf(static_cast<Change::KindCase>(1000)).empty());
}

}  // namespace
}  // namespace perdure::engine::workflow
