// A small HTTP/1.1 server for what answers at once: probes and metrics. Boost.Beast reads the requests;
// sockets and time are an event loop's of the server's own, so that it answers when everything else is stuck
// (docs/decisions/0022-http-by-beast.md).
//
// Each connection carries one request without a body. Limits (base/limits.h): connections at a time, of which
// the oldest gives way; bytes of a request; time for it to arrive and for the answer to be taken. Thread
// safety: any thread may make and destroy one; the handler runs on the server's loop and must not block.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/event_loop.h"
#include "server/net/limits_seen.h"

namespace perdure::server {

struct HttpRequest {
  std::string method;
  std::string path;  // without what follows a "?"
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  // Listens until destroyed. `name` is its thread's. `port` 0 picks a free one. FAILED_PRECONDITION, saying
  // why, when it cannot listen. `limits` may be null, and outlives the server.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Listen(const std::string& name, const std::string& ip,
                                                            int port, LimitsSeen* limits, Handler handler);
  ~HttpServer();

  int port() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::server
