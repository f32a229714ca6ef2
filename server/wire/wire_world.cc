#include "server/wire/wire_world.h"

#include "absl/strings/match.h"
#include "base/limits.h"
#include "base/text.h"

namespace perdure::server {
namespace {

constexpr size_t kUsualAnswer = 4 * 1024;

}  // namespace

AnswerSizes::AnswerSizes(const MethodTable& table) : expected_(table.methods().size()) {
  for (const Method& method : table.methods()) {
    const bool history = absl::StartsWith(AbslView(method.spec.name), "GetWorkflowExecutionHistory");
    expected_.at(static_cast<size_t>(method.index)) = history ? limits::kHistoryPageBytes / 2 : kUsualAnswer;
  }
}

size_t AnswerSizes::Expected(const Method& method) const {
  if (method.spec.polling == Polling::kAlways) return 0;
  return expected_.at(static_cast<size_t>(method.index)).load(std::memory_order_relaxed);
}

void AnswerSizes::Saw(const Method& method, size_t size) {
  // Two threads at once lose one of the sizes seen, which changes little.
  std::atomic<size_t>& expected = expected_.at(static_cast<size_t>(method.index));
  const size_t before = expected.load(std::memory_order_relaxed);
  expected.store(size > before ? size : before - (before - size) / 16, std::memory_order_relaxed);
}

WireWorld::WireWorld(const MethodTable& table, Frontend& its_frontend, CallObserver& its_observer,
                     LimitsSeen& limits, const ConnectionTimes& its_times)
    : frontend(its_frontend), observer(its_observer), budget(limits), sizes(table), times(its_times) {
  for (const Method& method : table.methods()) by_path_.emplace(method.path, &method);
}

const Method* WireWorld::Find(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

}  // namespace perdure::server
