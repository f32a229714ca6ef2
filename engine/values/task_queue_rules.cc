#include "engine/values/task_queue_rules.h"

#include "base/limits.h"
#include "base/text.h"
#include "fmt/format.h"

namespace perdure::engine {
namespace {

constexpr std::string_view kReservedPrefix = "/_sys/";
constexpr std::string_view kInternalPrefix = "temporal-sys-per-ns-";
constexpr std::string_view kInternalName = "temporal-sys-worker-controller-per-ns-tq";

bool IsInternal(std::string_view name) { return name.starts_with(kInternalPrefix) || name == kInternalName; }

}  // namespace

std::optional<std::string> CheckTaskQueue(const temporal::api::taskqueue::v1::TaskQueue& queue,
                                          std::string_view parent) {
  const std::string& name = queue.name();
  if (name.empty()) return "missing task queue name";
  if (name.size() > limits::kIdLength) return "taskQueue length exceeds limit";
  if (name.starts_with(kReservedPrefix)) {
    return fmt::format("task queue name cannot start with reserved prefix {}", kReservedPrefix);
  }
  if (queue.kind() == temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY &&
      queue.normal_name().size() > limits::kIdLength) {
    return "taskQueue length exceeds limit";
  }
  if (!IsInternal(name) || IsInternal(parent)) return std::nullopt;
  if (parent.empty()) return fmt::format("cannot use internal per-namespace task queue:{}", Shown(name));
  return fmt::format("cannot use internal per-namespace task queue:{} (in parent component task queue: {})",
                     Shown(name), Shown(parent));
}

}  // namespace perdure::engine
