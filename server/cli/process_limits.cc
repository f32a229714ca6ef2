#include "server/cli/process_limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <string_view>

#include <fmt/format.h>

#include "base/limits.h"

namespace perdure::server {
namespace {

// Nothing here may allocate.
void EndWithoutMemory() {
  constexpr std::string_view kLine =
      "perdure: out of memory: give the process more, or look at memory_allocated and "
      "perdure_resident_bytes\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kLine.data(), kLine.size());
  _exit(kOutOfMemory);
}

}  // namespace

absl::Status PrepareProcess() {
  std::set_new_handler(EndWithoutMemory);
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return absl::OkStatus();
  if (descriptors.rlim_cur < descriptors.rlim_max) {
    descriptors.rlim_cur = descriptors.rlim_max;
    // The limit that stands is the one that is looked at below.
    setrlimit(RLIMIT_NOFILE, &descriptors);
    getrlimit(RLIMIT_NOFILE, &descriptors);
  }
  if (descriptors.rlim_cur >= limits::kLeastDescriptors) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("the process may have only {} descriptors: allow it {} or more (ulimit -n, LimitNOFILE)",
                  static_cast<size_t>(descriptors.rlim_cur), limits::kLeastDescriptors));
}

size_t DescriptorsForClients() {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0 || descriptors.rlim_cur == RLIM_INFINITY) {
    return limits::kWireConnections;
  }
  const auto allowed = static_cast<size_t>(descriptors.rlim_cur);
  return allowed > limits::kReservedDescriptors ? allowed - limits::kReservedDescriptors : 1;
}

}  // namespace perdure::server
