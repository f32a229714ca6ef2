#include "server/net/limits_seen.h"

#include <string>

#include "base/check.h"
#include "base/log_fields.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

constexpr absl::Duration kBetweenLines = absl::Minutes(1);

}  // namespace

std::string_view NameOf(WireLimit kind) {
  switch (kind) {
    case WireLimit::kConnections:
      return "connections";
    case WireLimit::kDescriptors:
      return "descriptors";
    case WireLimit::kHandshake:
      return "handshake";
    case WireLimit::kTls:
      return "tls";
    case WireLimit::kStreams:
      return "streams";
    case WireLimit::kHeaders:
      return "headers";
    case WireLimit::kArrival:
      return "arrival";
    case WireLimit::kWindows:
      return "windows";
    case WireLimit::kUnreadRequests:
      return "unread_requests";
    case WireLimit::kUnreadAnswers:
      return "unread_answers";
    case WireLimit::kResets:
      return "resets";
    case WireLimit::kProtocol:
      return "protocol";
    case WireLimit::kProbeRequests:
      return "probe_requests";
  }
  PERDURE_CHECK(false, "no such limit");
}

LimitsSeen::LimitsSeen(Metrics& metrics, const Executor& clock) : clock_(clock) {
  for (size_t kind = 0; kind < kWireLimits; ++kind) {
    counters_.at(kind) =
        &metrics.counter("perdure_wire_limits", {{"kind", NameOf(static_cast<WireLimit>(kind))}});
  }
}

void LimitsSeen::Note(WireLimit kind, std::string_view peer, std::string_view what) {
  counters_.at(static_cast<size_t>(kind))->Add();
  const absl::Duration now = clock_.Monotonic();
  std::string since;
  {
    const MutexLock lock(mutex_);
    Seen& seen = seen_.at(static_cast<size_t>(kind));
    if (now - seen.said < kBetweenLines) {
      ++seen.since;
      return;
    }
    seen.said = now;
    since = std::to_string(std::exchange(seen.since, 0));
  }
  spdlog::warn("{}", WithFields("a client met a limit of the wire",
                                {{"kind", NameOf(kind)}, {"peer", peer}, {"done", what}, {"since", since}}));
}

}  // namespace perdure::server
