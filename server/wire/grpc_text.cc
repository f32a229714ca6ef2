#include "server/wire/grpc_text.h"

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "base/text.h"

namespace perdure::server {

std::optional<absl::Duration> ParseGrpcTimeout(std::string_view text) {
  // At most eight digits, then the unit.
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  int64_t value = 0;
  for (const char digit : text.substr(0, text.size() - 1)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  switch (text.back()) {
    case 'H':
      return absl::Hours(value);
    case 'M':
      return absl::Minutes(value);
    case 'S':
      return absl::Seconds(value);
    case 'm':
      return absl::Milliseconds(value);
    case 'u':
      return absl::Microseconds(value);
    case 'n':
      return absl::Nanoseconds(value);
    default:
      return std::nullopt;
  }
}

std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char one : text) {
    if (one >= 0x20 && one <= 0x7E && one != '%') {
      encoded += one;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(one));
    }
  }
  return encoded;
}

std::string BinaryValue(std::string_view bytes) {
  std::string text = absl::Base64Escape(AbslView(bytes));
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

}  // namespace perdure::server
