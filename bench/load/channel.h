// Unary gRPC calls to one server (gRPC's PROTOCOL-HTTP2.md), over one connection at a time: it is made when a
// call needs it, and made anew after it was lost. No retries, no compression, no metadata, no limit to a
// message.
//
// Thread safety: Call from any thread; the destructor when the loop has stopped. `done` runs on the loop's
// thread, never within Call, once for each call. Errors: what grpc-status and grpc-message say;
// DEADLINE_EXCEEDED by the client's own clock as well; UNAVAILABLE when the server cannot be reached or the
// connection is lost. After a refused connection, calls are UNAVAILABLE at once until a pause of 100 ms is
// over.
#pragma once

#include <netinet/in.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/event_loop.h"
#include "bench/load/h2_connection.h"

namespace perdure::bench {

// A message as it goes over the wire, gRPC's prefix of five bytes included. Shared: a call may be made again.
using Frame = std::shared_ptr<const std::string>;
constexpr size_t kFramePrefixBytes = 5;

class Channel {
 public:
  // `message`, without its prefix, is empty when the call failed, and lasts no longer than the callback.
  using Done = absl::AnyInvocable<void(const absl::Status&, std::string_view message)>;

  // `authority`: as HTTP wants it, HOST:PORT.
  Channel(EventLoop& loop, const sockaddr_in& address, std::string authority);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // `path`: /package.Service/Method.
  void Call(std::string path, Frame request, absl::Duration patience, Done done);

 private:
  class UnaryCall;

  void Begin(std::unique_ptr<UnaryCall> call);
  H2Connection* Connection();
  void Lost(const H2Connection& connection);

  EventLoop& loop_;
  const sockaddr_in address_;
  const std::string authority_;
  // The last one takes calls; those before it finish theirs, as the server has sent them a GOAWAY.
  std::vector<std::unique_ptr<H2Connection>> connections_;
  absl::Duration connect_after_;  // in the loop's monotonic time
};

}  // namespace perdure::bench
