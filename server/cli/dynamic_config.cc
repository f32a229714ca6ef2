#include "server/cli/dynamic_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/text.h"
#include "google/protobuf/util/json_util.h"

namespace perdure::server {
namespace {

using google::protobuf::Value;
using enum DynamicType;
using Limits = perdure::limits::PerNamespace;

template <auto kMember>
bool SetLimit(const Value& value, NodeOptions& options) {
  auto& field = options.namespace_defaults.limits.*kMember;
  const double number = value.number_value();
  if (!value.has_number_value() || number < 0 || number > std::numeric_limits<int32_t>::max() ||
      std::floor(number) != number) {
    return false;
  }
  field = static_cast<std::remove_reference_t<decltype(field)>>(number);
  return true;
}

bool SetSwitch(const Value& value, bool& field) {
  if (!value.has_bool_value()) return false;
  field = value.bool_value();
  return true;
}

// "10s", or a number of seconds.
std::optional<absl::Duration> DurationOf(const Value& value) {
  absl::Duration duration;
  if (value.has_number_value()) return absl::Seconds(value.number_value());
  if (!value.has_string_value() || !absl::ParseDuration(value.string_value(), &duration)) return std::nullopt;
  return duration;
}

bool SetDuration(const Value& value, absl::Duration& field) {
  const std::optional<absl::Duration> duration = DurationOf(value);
  if (!duration || *duration < absl::ZeroDuration()) return false;
  field = *duration;
  return true;
}

bool SetNames(const Value& value, std::vector<std::string>& field) {
  if (!value.has_list_value()) return false;
  std::vector<std::string> names;
  for (const Value& name : value.list_value().values()) {
    if (!name.has_string_value()) return false;
    names.push_back(name.string_value());
  }
  field = std::move(names);
  return true;
}

constexpr auto kSettings = std::to_array<DynamicSetting>({
    {"limit.historyCount.error", kNumber, "Events after which a run is terminated.",
     SetLimit<&Limits::history_count>},
    {"limit.historySize.error", kNumber, "Bytes of history after which a run is terminated.",
     SetLimit<&Limits::history_size>},
    {"limit.historyCount.suggestContinueAsNew", kNumber,
     "Events after which workflows are told to go on anew.", SetLimit<&Limits::history_count_suggest>},
    {"limit.historySize.suggestContinueAsNew", kNumber,
     "Bytes of history after which workflows are told to go on anew.",
     SetLimit<&Limits::history_size_suggest>},
    {"limit.numPendingActivities.error", kNumber, "Activities of a run that are pending.",
     SetLimit<&Limits::pending_activities>},
    {"limit.numPendingChildExecutions.error", kNumber, "Children of a run that are pending.",
     SetLimit<&Limits::pending_children>},
    {"limit.numPendingSignals.error", kNumber, "Signals to other workflows that a run waits for.",
     SetLimit<&Limits::pending_signals>},
    {"limit.numPendingCancelRequests.error", kNumber,
     "Requests to cancel other workflows that a run waits for.", SetLimit<&Limits::pending_cancels>},
    {"history.maximumBufferedEventsBatch", kNumber, "Events that wait while a workflow task runs.",
     SetLimit<&Limits::buffered_events>},
    {"history.maximumBufferedEventsSizeInBytes", kNumber, "The same in bytes.",
     SetLimit<&Limits::buffered_events_size>},
    {"history.MaxBufferedQueryCount", kNumber, "Queries of a run that wait for its workflow task.",
     SetLimit<&Limits::buffered_queries>},
    {"frontend.maxBadBinaries", kNumber, "Bad binaries of a namespace.", SetLimit<&Limits::bad_binaries>},
    {"frontend.visibilityMaxPageSize", kNumber, "Executions of a page of a list.",
     SetLimit<&Limits::list_page>},
    {"system.namespaceMinRetentionLocal", kDuration, "The least retention of a namespace.",
     [](const Value& value, NodeOptions& options) {
       return SetDuration(value, options.frontend.min_retention);
     }},
    {"frontend.deleteNamespaceNamespaceDeleteDelay", kDuration,
     "For how long the row of a deleted namespace stays when it is empty.",
     [](const Value& value, NodeOptions& options) {
       return SetDuration(value, options.frontend.namespace_delete_delay);
     }},
    {"worker.protectedNamespaces", kNames, "Namespaces that are not deleted.",
     [](const Value& value, NodeOptions& options) {
       return SetNames(value, options.frontend.protected_namespaces);
     }},
    {"frontend.enableServerVersionCheck", kSwitch, "Whether clients of unknown versions are refused.",
     [](const Value& value, NodeOptions& options) {
       return SetSwitch(value, options.frontend.check_client_versions);
     }},
    {"frontend.enableTokenNamespaceEnforcement", kSwitch,
     "Whether a task token's namespace must be the request's.",
     [](const Value& value, NodeOptions& options) {
       return SetSwitch(value, options.frontend.check_token_namespace);
     }},
    {"system.enableCrossNamespaceCommands", kSwitch,
     "Whether workflows may start, signal and cancel workflows of other namespaces.",
     [](const Value& value, NodeOptions& options) {
       return SetSwitch(value, options.history.cross_namespace_commands);
     }},
});

const DynamicSetting* Find(std::string_view key) {
  for (const DynamicSetting& setting : kSettings) {
    if (absl::EqualsIgnoreCase(AbslView(setting.key), AbslView(key))) return &setting;
  }
  return nullptr;
}

absl::Status Malformed(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("invalid dynamic config values: ", AbslView(why)));
}

absl::Status SetOne(const std::string& text, NodeOptions& options, std::vector<std::string>& without_effect) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return Malformed(fmt::format("missing expected '=' in \"{}\"", text));
  const std::string key = text.substr(0, equals);
  Value value;
  if (!google::protobuf::util::JsonStringToMessage(text.substr(equals + 1), &value).ok()) {
    return Malformed(fmt::format("invalid JSON value for key \"{}\"", key));
  }
  const DynamicSetting* setting = Find(key);
  if (setting == nullptr) {
    without_effect.push_back(key);
  } else if (!setting->set(value, options)) {
    without_effect.push_back(key + " (its value is of another type)");
  }
  return absl::OkStatus();
}

}  // namespace

std::span<const DynamicSetting> DynamicSettings() { return kSettings; }

absl::Status SetDynamicConfig(const std::vector<std::string>& settings, NodeOptions& options,
                              std::vector<std::string>& without_effect) {
  for (const std::string& setting : settings) {
    const absl::Status set = SetOne(setting, options, without_effect);
    if (!set.ok()) return set;
  }
  return absl::OkStatus();
}

}  // namespace perdure::server
