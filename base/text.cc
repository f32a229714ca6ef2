#include "base/text.h"

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/limits.h"

namespace perdure {

std::string CamelCase(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string camel;
  camel.reserve(name.size());
  bool upper = true;
  for (const char c : name) {
    if (c != '_') camel.push_back(upper ? c : absl::ascii_tolower(static_cast<unsigned char>(c)));
    upper = c == '_';
  }
  return camel;
}

std::string_view Beginning(std::string_view text, size_t bytes) {
  constexpr unsigned char kContinuationMask = 0xC0;
  constexpr unsigned char kContinuation = 0x80;
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & kContinuationMask) == kContinuation) --bytes;
  return text.substr(0, bytes);
}

std::string Shown(std::string_view value) {
  if (value.size() <= limits::kShownValue) return std::string(value);
  return fmt::format("{}... ({} bytes)", Beginning(value, limits::kShownValue), value.size());
}

std::string HostPort(std::string_view ip, int port) {
  return ip.find(':') == std::string_view::npos ? fmt::format("{}:{}", ip, port)
                                                : fmt::format("[{}]:{}", ip, port);
}

std::optional<std::pair<std::string, int>> SplitHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool has_colon = host.find(':') != std::string_view::npos;
  int port = 0;
  if (host.empty() || bracketed != has_colon || !absl::SimpleAtoi(AbslView(text.substr(colon + 1)), &port) ||
      port < 0 || port > 65535) {
    return std::nullopt;
  }
  return std::pair(std::string(host), port);
}

}  // namespace perdure
