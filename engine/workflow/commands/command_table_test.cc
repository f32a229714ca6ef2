#include "engine/workflow/commands/command_table.h"

#include <catch2/catch.hpp>

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

TEST_CASE("each command of the API has its row") {
  const auto* types = enums::CommandType_descriptor();
  for (int i = 0; i < types->value_count(); ++i) {
    INFO(types->value(i)->name());
    const auto type = static_cast<enums::CommandType>(types->value(i)->number());
    const CommandRow* row = FindCommandRow(type);
    REQUIRE((row != nullptr) == (type != enums::COMMAND_TYPE_UNSPECIFIED));
    if (row == nullptr) continue;
    CHECK(row->type == type);
    CHECK(row->run != nullptr);
  }
  CHECK(FindCommandRow(static_cast<enums::CommandType>(1000)) == nullptr);
}

}  // namespace
}  // namespace perdure::engine::workflow
