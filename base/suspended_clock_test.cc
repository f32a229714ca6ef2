// The clock that leases are counted by, where the machine's suspended time differs from what it ran: a time
// namespace shifts the one clock and not the other.
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <string_view>

#include "base/event_loop.h"

namespace perdure {
namespace {

constexpr int kRight = 0;
constexpr int kWrong = 1;
constexpr int kNotAllowed = 2;

absl::Duration Read(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return absl::DurationFromTimespec(now);
}

// Runs in a process whose machine "was suspended for 100,000 seconds".
int CheckClock() {
  EventLoop loop("suspended");
  const absl::Duration before = Read(CLOCK_BOOTTIME);
  const absl::Duration now = loop.Monotonic();
  const absl::Duration after = Read(CLOCK_BOOTTIME);
  if (after - Read(CLOCK_MONOTONIC) < absl::Seconds(50'000)) return kNotAllowed;
  return before <= now && now <= after ? kRight : kWrong;
}

// What `body` returns in a child process.
template <typename Body>
int InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : kWrong;
}

int InShiftedNamespace() {
  if (unshare(CLONE_NEWTIME) != 0) return kNotAllowed;
  const int offsets = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
  constexpr std::string_view kShift = "boottime 100000 0\n";
  if (offsets < 0 || write(offsets, kShift.data(), kShift.size()) < 0) return kNotAllowed;
  close(offsets);
  return InChild(CheckClock);  // the namespace is that of children to come
}

}  // namespace

TEST_CASE("the monotonic clock does not stand still while the machine is suspended") {
  const int seen = InChild(InShiftedNamespace);
  if (seen == kNotAllowed) {
    WARN("NOT TESTED: a time namespace needs rights that this process lacks");
    return;
  }
  CHECK(seen == kRight);
}

}  // namespace perdure
