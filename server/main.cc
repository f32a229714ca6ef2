#include "absl/synchronization/mutex.h"
#include "server/cli/run.h"

int main(int argc, char** argv) {
  // Debian builds abseil with its search for deadlocks, of which gRPC's every lock would pay.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return perdure::server::Run(argc, argv);
}
