// One stream of a connection: a request that comes in, and an answer that goes out. A value of its
// connection's; the loop's thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/wire/message_reader.h"
#include "server/wire/side_services.h"
#include "server/wire/wire_call.h"

namespace perdure::server {

struct WireStream {
  int32_t id = 0;
  absl::Duration begun;  // when it could begin to arrive, monotonic

  // The request.
  std::string path;
  std::string http_method;
  std::string content_type;
  WireHeaders headers;
  size_t header_bytes = 0;
  std::optional<absl::Duration> deadline;  // monotonic
  MessageReader reader;
  bool whole = false;    // the client has ended its side
  absl::Status refused;  // why it is not served, as far as that is known before it is whole
  const Method* method = nullptr;
  std::optional<SideMethod> side;
  size_t charged = 0;       // bytes on the account for it, as a request
  size_t charged_then = 0;  // of them, when `begun` was set
  bool wants_room = false;  // waits for a larger window
  absl::Duration wanted;    // since when, monotonic
  bool said_wanting = false;
  size_t room = 0;  // the larger window that it was given

  // What serves it; null before and after.
  WireCall* call = nullptr;
  size_t reserved = 0;  // bytes that its answer is expected to take
  std::string watched;  // the service whose health is watched

  // The answer.
  bool answering = false;  // its headers were given to libnghttp2
  std::deque<std::string> pieces;
  size_t piece_sent = 0;        // of the first piece
  bool charged_answer = false;  // the pieces' bytes are on the account
  bool ended = false;           // nothing follows the pieces but the trailers
  WireHeaders trailers;
};

}  // namespace perdure::server
