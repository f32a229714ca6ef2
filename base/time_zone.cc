#include "base/time_zone.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "base/text.h"

namespace perdure {
namespace {

constexpr std::string_view kSystemData = "/usr/share/zoneinfo";

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '+' || c == '/';
}

// A path within the data, in one way of writing it: no way out of the folder, and no two names of one file,
// as each name that was asked for once is remembered for good.
bool IsPlainName(std::string_view name) {
  return !name.empty() && name.front() != '/' && name.back() != '/' &&
         name.find("//") == std::string_view::npos && std::all_of(name.begin(), name.end(), IsNameCharacter);
}

bool HasData(std::string_view name) {
  std::error_code none;
  return std::filesystem::is_regular_file(std::filesystem::path(kSystemData) / name, none);
}

}  // namespace

std::optional<absl::TimeZone> FindTimeZone(std::string_view name) {
  if (name.empty() || name == "UTC") return absl::UTCTimeZone();
  if (!IsPlainName(name) || !HasData(name)) return std::nullopt;
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(AbslView(name), &zone)) return std::nullopt;
  return zone;
}

}  // namespace perdure
