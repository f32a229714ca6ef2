#include "base/text.h"

#include <fmt/format.h>

#include <cctype>

namespace perdure {

std::string CamelCase(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string camel;
  bool upper = true;
  for (const char c : name) {
    if (c != '_') camel.push_back(upper ? c : static_cast<char>(std::tolower(c)));
    upper = c == '_';
  }
  return camel;
}

std::string HostPort(std::string_view ip, int port) {
  return ip.find(':') == std::string_view::npos ? fmt::format("{}:{}", ip, port)
                                                : fmt::format("[{}]:{}", ip, port);
}

}  // namespace perdure
