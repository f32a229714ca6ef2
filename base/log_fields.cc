#include "base/log_fields.h"

namespace perdure {
namespace {

// Control characters of ASCII that are made for this; no text of ours holds them.
constexpr char kRecord = '\x1e';
constexpr char kUnit = '\x1f';

void AppendWithoutMarks(std::string_view text, std::string& out) {
  for (const char c : text) out.push_back(c == kRecord || c == kUnit ? ' ' : c);
}

}  // namespace

std::string WithFields(std::string_view message,
                       std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string line;
  AppendWithoutMarks(message, line);
  for (const auto& [key, value] : fields) {
    if (value.empty()) continue;
    line.push_back(kRecord);
    line.append(key);
    line.push_back(kUnit);
    AppendWithoutMarks(value, line);
  }
  return line;
}

LogLine SplitFields(std::string_view line) {
  LogLine split;
  size_t end = line.find(kRecord);
  split.message = line.substr(0, end);
  while (end != std::string_view::npos) {
    const size_t begin = end + 1;
    end = line.find(kRecord, begin);
    const std::string_view field = line.substr(begin, end == std::string_view::npos ? end : end - begin);
    const size_t middle = field.find(kUnit);
    if (middle != std::string_view::npos) {
      split.fields.emplace_back(field.substr(0, middle), field.substr(middle + 1));
    }
  }
  return split;
}

}  // namespace perdure
