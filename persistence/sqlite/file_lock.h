// A lock on a file that one process holds for as long as it lives; the system releases it whatever way the
// process ends. Values move; not thread-safe.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace perdure::persistence {

class FileLock {
 public:
  // Creates the file if missing and locks it at once or not at all: FAILED_PRECONDITION names the holder.
  static absl::StatusOr<FileLock> Take(const std::string& path);

  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace perdure::persistence
