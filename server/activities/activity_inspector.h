// What `perdure inspect` says of stored activities on their own (server/history/kind_inspector.h).
#pragma once

#include <string>

#include "server/history/kind_inspector.h"

namespace perdure::server {

class ActivityInspector final : public KindInspector {
 public:
  std::string_view IdName() const override { return "activity_id"; }
  std::string_view TypeName() const override { return "activity_type"; }
  std::string StatusName(int32_t status) const override;
  nlohmann::ordered_json EventsOf(const engine::Record& record) const override;
  nlohmann::ordered_json ChangesOf(const engine::Record& record) const override;
  nlohmann::ordered_json StateOf(const engine::Entity& entity) const override;
};

}  // namespace perdure::server
