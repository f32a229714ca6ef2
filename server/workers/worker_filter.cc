#include "server/workers/worker_filter.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/check.h"
#include "base/status.h"
#include "base/text.h"
#include "base/time.h"
#include "persistence/visibility_match.h"
#include "server/visibility/filter_parser.h"
#include "server/visibility/filter_values.h"

namespace perdure::server {
namespace {

using persistence::Compare;
using persistence::Comparison;
using Join = persistence::Filter::Kind;

// As filters write it: "ShuttingDown" for WORKER_STATUS_SHUTTING_DOWN.
std::string StatusOf(const WorkerHeartbeat& worker) {
  const auto status = worker.status();
  if (status == temporal::api::enums::v1::WORKER_STATUS_UNSPECIFIED) return "";
  return CamelCase(temporal::api::enums::v1::WorkerStatus_Name(status), "WORKER_STATUS_");
}

using TextField = std::string (*)(const WorkerHeartbeat&);
struct NamedText {
  std::string_view name;
  TextField read;
};
constexpr NamedText kTexts[] = {
    {"WorkerInstanceKey", [](const WorkerHeartbeat& w) { return w.worker_instance_key(); }},
    {"WorkerIdentity", [](const WorkerHeartbeat& w) { return w.worker_identity(); }},
    {"HostName", [](const WorkerHeartbeat& w) { return w.host_info().host_name(); }},
    {"TaskQueue", [](const WorkerHeartbeat& w) { return w.task_queue(); }},
    {"DeploymentName", [](const WorkerHeartbeat& w) { return w.deployment_version().deployment_name(); }},
    {"BuildId", [](const WorkerHeartbeat& w) { return w.deployment_version().build_id(); }},
    {"SdkName", [](const WorkerHeartbeat& w) { return w.sdk_name(); }},
    {"SdkVersion", [](const WorkerHeartbeat& w) { return w.sdk_version(); }},
    {"Status", StatusOf},
    {"WorkerStatus", StatusOf},
};

TextField FindText(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kTexts), std::end(kTexts), [&](const auto& one) { return one.name == name; });
  return found == std::end(kTexts) ? nullptr : found->read;
}

// What a leaf, which outlives it, asks of a worker; checked before any worker is asked. What a worker did not
// say is null.
class Question {
 public:
  static absl::StatusOr<Question> Of(const FilterTree& leaf) {
    Question question(leaf);
    const bool is_time = leaf.name == "StartTime" || leaf.name == "HeartbeatTime";
    if (!is_time && question.text_ == nullptr) {
      return InvalidArgument(fmt::format("malformed query: unknown attribute {}", Shown(leaf.name)));
    }
    if (leaf.comparison == Comparison::kIsNull || leaf.comparison == Comparison::kIsNotNull) return question;
    if (!is_time) {
      if (leaf.value.kind == FilterToken::Kind::kString) return question;
      return InvalidValueType(leaf.name, "Keyword", leaf.value);
    }
    const auto time = TimeValue(leaf.name, leaf.value);
    if (!time.ok()) return time.status();
    question.time_ = *time;
    if (question.IsPrefix()) return InvalidArgument("malformed query: a time does not start with anything");
    return question;
  }

  bool Holds(const WorkerHeartbeat& worker) const {
    const std::string text = text_ == nullptr ? "" : text_(worker);
    const auto& time = leaf_->name == "StartTime" ? worker.start_time() : worker.heartbeat_time();
    const bool null = text_ == nullptr ? time.ByteSizeLong() == 0 : text.empty();
    if (leaf_->comparison == Comparison::kIsNull) return null;
    if (leaf_->comparison == Comparison::kIsNotNull) return !null;
    if (null) return false;
    if (text_ == nullptr) return Compare(FromProto(time), leaf_->comparison, time_);
    if (IsPrefix()) {
      const bool starts = std::string_view(text).starts_with(leaf_->value.text);
      return starts == (leaf_->comparison == Comparison::kStartsWith);
    }
    return Compare(text, leaf_->comparison, leaf_->value.text);
  }

 private:
  explicit Question(const FilterTree& leaf) : leaf_(&leaf), text_(FindText(leaf.name)) {}

  bool IsPrefix() const {
    return leaf_->comparison == Comparison::kStartsWith || leaf_->comparison == Comparison::kNotStartsWith;
  }

  const FilterTree* leaf_;
  TextField text_;  // null: a time
  absl::Time time_;
};

// The tree, with its leaves understood.
struct Questions {
  Join kind = Join::kAll;
  std::optional<Question> question;  // of kCondition
  std::vector<Questions> parts;      // of the others
};

absl::StatusOr<Questions> Understand(const FilterTree& tree) {
  Questions questions{tree.kind, std::nullopt, {}};
  if (tree.kind == Join::kCondition) {
    auto question = Question::Of(tree);
    if (!question.ok()) return question.status();
    questions.question = *question;
  }
  for (const FilterTree& part : tree.parts) {
    auto understood = Understand(part);
    if (!understood.ok()) return understood.status();
    questions.parts.push_back(*std::move(understood));
  }
  return questions;
}

bool Holds(const Questions& questions, const WorkerHeartbeat& worker) {
  const auto& parts = questions.parts;
  const auto holds = [&](const Questions& part) { return Holds(part, worker); };
  switch (questions.kind) {
    case Join::kCondition:
      return questions.question->Holds(worker);
    case Join::kAll:
      return std::all_of(parts.begin(), parts.end(), holds);
    case Join::kAny:
      return std::any_of(parts.begin(), parts.end(), holds);
  }
  PERDURE_CHECK(false, "a filter that is none");
}

}  // namespace

bool IsSystemWorker(const WorkerHeartbeat& worker) {
  return absl::StartsWith(worker.task_queue(), "temporal-sys-");
}

absl::StatusOr<std::vector<WorkerPtr>> FilterWorkers(std::vector<WorkerPtr> workers, std::string_view filter,
                                                     bool include_system_workers) {
  auto parsed = ParseFilter(filter);
  if (!parsed.ok()) {
    absl::string_view why = parsed.status().message();
    if (!absl::ConsumePrefix(&why, "invalid query: malformed SQL query: ")) return parsed.status();
    return InvalidArgument(fmt::format("malformed query: {}", std::string(why)));
  }
  if (parsed->group_by) return InvalidArgument("malformed query: workers are not grouped");
  const auto questions = Understand(parsed->tree);
  if (!questions.ok()) return questions.status();
  const auto other = [&](const WorkerPtr& worker) {
    return (!include_system_workers && IsSystemWorker(*worker)) || !Holds(*questions, *worker);
  };
  workers.erase(std::remove_if(workers.begin(), workers.end(), other), workers.end());
  return workers;
}

}  // namespace perdure::server
