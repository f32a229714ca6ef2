// What is told when a peer meets a limit of the wire: one line a minute for each kind, and a counter of every
// time. Thread safety: any thread. Ownership: `metrics` outlives it.
#pragma once

#include <array>
#include <string_view>

#include "absl/time/time.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

enum class WireLimit {
  kConnections,     // more of them than are taken: the one that did least was closed
  kDescriptors,     // the process had none left for a connection
  kHandshake,       // TLS or the beginning of HTTP/2 did not come in time
  kTls,             // a handshake that was refused
  kStreams,         // calls whose requests have not come
  kHeaders,         // bytes or number of a call's headers
  kArrival,         // a request did not come in time
  kWindows,         // a larger request waits long for those before it, which do not come
  kUnreadRequests,  // bytes of requests that are not whole
  kUnreadAnswers,   // bytes of answers that the client does not take
  kResets,          // calls cancelled as soon as they were made, or another flood that libnghttp2 ends
  kProtocol,        // not HTTP/2
  kProbeRequests,   // requests to probes or metrics that did not come, or too many connections to them
};
constexpr size_t kWireLimits = 13;

// As the metric's label and the log have it.
std::string_view NameOf(WireLimit kind);

class LimitsSeen {
 public:
  // `clock` outlives it; only its Monotonic is asked.
  LimitsSeen(Metrics& metrics, const Executor& clock);

  // `peer`: whom it concerns; `what`: what was done about it.
  void Note(WireLimit kind, std::string_view peer, std::string_view what);

 private:
  struct Seen {
    absl::Duration said = -absl::InfiniteDuration();  // when the last line was written
    size_t since = 0;                                 // times since that are in no line
  };
  const Executor& clock_;
  std::array<Counter*, kWireLimits> counters_{};  // constant after construction
  Mutex mutex_;
  std::array<Seen, kWireLimits> seen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
