#include "server/visibility/stored_visibility.h"

#include <string>
#include <utility>

#include "base/limits.h"
#include "base/log_fields.h"
#include "base/text.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

constexpr std::string_view kList = "ListWorkflowExecutions";
constexpr std::string_view kCount = "CountWorkflowExecutions";

}  // namespace

StoredVisibility::StoredVisibility(persistence::Session& session, Executor& executor,
                                   const NamespaceRegistry& namespaces, Metrics& metrics,
                                   ListTurns::Options options)
    : session_(session),
      executor_(executor),
      namespaces_(namespaces),
      turns_(executor, options),
      slow_lists_(metrics.counter("perdure_slow_lists", {{"operation", kList}})),
      slow_counts_(metrics.counter("perdure_slow_lists", {{"operation", kCount}})),
      refused_(metrics.counter("perdure_refused_calls", {{"reason", "lists"}})),
      waiting_(metrics.gauge("perdure_waiting_lists", {})) {}

void StoredVisibility::List(persistence::VisibilityQuery query,
                            persistence::Callback<persistence::VisibilityPage> done) {
  InTurn(kList, std::move(query), std::move(done), [this](auto asked, auto answered) {
    session_.ListExecutions(std::move(asked), std::move(answered));
  });
}

void StoredVisibility::Count(persistence::VisibilityQuery query,
                             persistence::Callback<std::vector<persistence::CountGroup>> done) {
  InTurn(kCount, std::move(query), std::move(done), [this](auto asked, auto answered) {
    session_.CountExecutions(std::move(asked), std::move(answered));
  });
}

template <typename T, typename Ask>
void StoredVisibility::InTurn(std::string_view operation, persistence::VisibilityQuery query,
                              persistence::Callback<T> done, Ask ask) {
  executor_.Post([this, operation, query = std::move(query), done = std::move(done), ask]() mutable {
    const Uuid name_space = query.namespace_id;
    const absl::Duration came = executor_.Monotonic();
    turns_.Enter(name_space, [this, operation, name_space, came, query = std::move(query),
                              done = std::move(done), ask](const absl::Status& turn) mutable {
      if (!turn.ok()) {
        refused_.Add();
        return std::move(done)(turn);
      }
      const absl::Duration began = executor_.Monotonic();
      ask(std::move(query), [this, operation, name_space, came, began,
                             done = std::move(done)](absl::StatusOr<T> answer) mutable {
        Report(operation, name_space, began - came, executor_.Monotonic() - began, answer.status());
        turns_.Leave(name_space);
        waiting_.Set(static_cast<double>(turns_.waiting()));
        std::move(done)(std::move(answer));
      });
    });
    waiting_.Set(static_cast<double>(turns_.waiting()));
  });
}

void StoredVisibility::Report(std::string_view operation, const Uuid& name_space, absl::Duration waited,
                              absl::Duration took, const absl::Status& status) {
  if (waited + took < limits::kSlowList) return;
  (operation == kList ? slow_lists_ : slow_counts_).Add();
  const auto found = namespaces_.ById(name_space);
  spdlog::warn("{}", WithFields("a list was slow",
                                {{"operation", operation},
                                 {"namespace", found.ok() ? (*found)->settings.name : name_space.ToString()},
                                 {"waited", absl::FormatDuration(waited)},
                                 {"took", absl::FormatDuration(took)},
                                 {"error", StdView(status.message())}}));
}

}  // namespace perdure::server
