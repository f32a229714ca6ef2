#include "persistence/sqlite/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace perdure::persistence {

absl::StatusOr<FileLock> FileLock::Take(const std::string& path) {
  FileLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.descriptor_ < 0) return absl::UnavailableError(absl::StrCat(path, ": ", std::strerror(errno)));
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> holder{};
    const ssize_t got = pread(lock.descriptor_, holder.data(), holder.size() - 1, 0);
    return absl::FailedPreconditionError(absl::StrCat("another process serves this database (process ",
                                                      got > 0 ? holder.data() : "unknown", " holds ", path,
                                                      "): stop it, or choose another file"));
  }
  const std::string pid = std::to_string(getpid());
  // For the message above only: a lock whose holder is not named is a lock all the same.
  [[maybe_unused]] const bool named =
      ftruncate(lock.descriptor_, 0) == 0 && pwrite(lock.descriptor_, pid.data(), pid.size(), 0) > 0;
  return lock;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace perdure::persistence
