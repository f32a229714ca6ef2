#include "server/frontend/client_versions.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/text.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::server {
namespace {

constexpr auto kClients = std::to_array<SupportedClient>({
    {"temporal-go", 2, "<2.0.0"},
    {"temporal-java", 2, "<2.0.0"},
    {"temporal-php", 2, "<2.0.0"},
    {"temporal-typescript", 2, "<2.0.0"},
    {"temporal-cli", 2, "<2.0.0"},
    {"temporal-server", 2, "<2.0.0"},
    {"temporal-ui", 3, "<3.0.0"},
    {"Nexus-go-sdk", 2, "<2.0.0"},
});

// Whether a version (MAJOR.MINOR.PATCH, -PRERELEASE and +BUILD behind it) comes before MAJOR `major`.0.0;
// nullopt when it is no version. A prerelease of a version comes before it.
std::optional<bool> IsBelow(std::string_view version, int major) {
  const size_t end = std::min(version.size(), version.find_first_of("-+"));
  const bool prerelease = end < version.size() && version[end] == '-';
  const std::vector<std::string> parts = absl::StrSplit(AbslView(version.substr(0, end)), '.');
  std::array<int, 3> numbers{};
  if (parts.size() != numbers.size()) return std::nullopt;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (!absl::SimpleAtoi(parts[i], &numbers[i])) return std::nullopt;
  }
  return numbers[0] < major || (prerelease && numbers == std::array<int, 3>{major, 0, 0});
}

}  // namespace

std::span<const SupportedClient> SupportedClients() { return kClients; }

absl::Status CheckClientVersion(std::string_view name, std::string_view version) {
  if (name.empty() || version.empty()) return absl::OkStatus();
  const auto* const client = std::find_if(kClients.begin(), kClients.end(),
                                          [&](const SupportedClient& one) { return one.name == name; });
  if (client == kClients.end()) return absl::OkStatus();
  const auto below = IsBelow(version, client->below_major);
  if (!below) return InvalidArgument("Unable to parse client version: No Major.Minor.Patch elements found");
  if (*below) return absl::OkStatus();
  temporal::api::errordetails::v1::ClientVersionNotSupportedFailure detail;
  detail.set_client_name(Shown(name));
  detail.set_client_version(Shown(version));
  detail.set_supported_versions(std::string(client->range));
  return WithDetail(absl::FailedPreconditionError(
                        fmt::format("Client version {} is not supported. Server supports {} versions: {}",
                                    Shown(version), Shown(name), client->range)),
                    detail);
}

}  // namespace perdure::server
