#include "server/visibility/filter_values.h"

#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/search_values.h"
#include "server/visibility/listed_kind.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using Kind = FilterToken::Kind;

absl::Status InvalidExpression(std::string_view why) {
  return InvalidArgument(fmt::format("invalid query: invalid expression: {}", why));
}

std::optional<int64_t> ToInteger(std::string_view digits) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::optional<int64_t> StatusNamed(const std::string& name) {
  const ListedKind& workflows = ListedWorkflows();
  for (int64_t status = 1; !StatusName(workflows, status).empty(); ++status) {
    if (StatusName(workflows, status) == name) return status;
  }
  enums::WorkflowExecutionStatus parsed{};
  if (enums::WorkflowExecutionStatus_Parse(name, &parsed)) return parsed;
  return std::nullopt;
}

// "hh:mm:ss".
std::optional<absl::Duration> ClockTime(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  if (parts.size() != 3) return std::nullopt;
  int64_t seconds = 0;
  for (const std::string& part : parts) {
    const auto number = part.size() <= 2 ? ToInteger(part) : std::nullopt;
    if (!number || *number < 0) return std::nullopt;
    seconds = seconds * 60 + *number;
  }
  return absl::Seconds(seconds);
}

std::optional<absl::Duration> DurationOf(const std::string& text) {
  if (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text.front()))) return std::nullopt;
  if (text.back() == 'd') {
    const auto days = ToInteger(std::string_view(text).substr(0, text.size() - 1));
    if (days) return absl::Hours(24) * *days;
  }
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration)) return duration;
  return ClockTime(text);
}

}  // namespace

absl::Status InvalidValueType(std::string_view attribute, std::string_view type, const FilterToken& value) {
  std::string_view given = "string";
  if (value.kind == Kind::kInteger) given = "int64";
  if (value.kind == Kind::kNumber) given = "float64";
  if (value.kind == Kind::kName) given = "bool";
  const std::string_view quote = value.kind == Kind::kString ? "\"" : "";
  return InvalidExpression(
      fmt::format("invalid value type for search attribute {} of type {}: {}{}{} (type: {})", attribute, type,
                  quote, Shown(value.text), quote, given));
}

absl::StatusOr<int64_t> StatusValue(const FilterToken& value) {
  std::optional<int64_t> status;
  if (value.kind == Kind::kString) {
    status = StatusNamed(value.text);
  } else if (value.kind == Kind::kInteger) {
    status = ToInteger(value.text);
    if (status && (*status < 0 || *status > enums::WorkflowExecutionStatus_MAX)) status.reset();
  }
  if (status) return *status;
  const std::string_view quote = value.kind == Kind::kString ? "'" : "";
  return InvalidExpression(fmt::format("invalid ExecutionStatus value {0}{1}{0}", quote, Shown(value.text)));
}

absl::StatusOr<int64_t> IntegerValue(std::string_view attribute, const FilterToken& value) {
  const auto number = value.kind == Kind::kInteger ? ToInteger(value.text) : std::nullopt;
  if (!number) return InvalidValueType(attribute, "Int", value);
  return *number;
}

absl::StatusOr<absl::Time> TimeValue(std::string_view attribute, const FilterToken& value) {
  if (value.kind == Kind::kInteger) {
    const auto nanoseconds = ToInteger(value.text);
    if (nanoseconds) return absl::FromUnixNanos(*nanoseconds);
  }
  if (value.kind != Kind::kString) return InvalidValueType(attribute, "Datetime", value);
  if (const auto time = engine::SearchTimeOf(value.text)) return *time;
  return InvalidExpression(fmt::format("unable to parse datetime '{}'", Shown(value.text)));
}

absl::StatusOr<absl::Duration> DurationValue(std::string_view attribute, const FilterToken& value) {
  if (value.kind == Kind::kInteger) {
    const auto nanoseconds = ToInteger(value.text);
    if (nanoseconds) return absl::Nanoseconds(*nanoseconds);
  }
  if (value.kind != Kind::kString) return InvalidValueType(attribute, "Int", value);
  const auto duration = DurationOf(value.text);
  if (duration) return *duration;
  return InvalidExpression(
      fmt::format("invalid duration value for search attribute {}: {}", attribute, Shown(value.text)));
}

std::optional<RunIdRange> RunIdsWithPrefix(std::string_view prefix) {
  std::string first = Uuid{}.ToString();
  if (prefix.size() > first.size()) return std::nullopt;
  for (const char c : prefix) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) return std::nullopt;
  }
  std::string last = first;
  for (char& c : last) {
    if (c == '0') c = 'f';
  }
  first.replace(0, prefix.size(), prefix);
  last.replace(0, prefix.size(), prefix);
  const auto least = Uuid::Parse(first);
  const auto greatest = Uuid::Parse(last);
  if (!least || !greatest) return std::nullopt;
  return RunIdRange{*least, *greatest};
}

}  // namespace perdure::server
