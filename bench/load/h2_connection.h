// One HTTP/2 connection in plain text, begun without an upgrade (RFC 9113, 3.3), that carries requests to one
// server. The protocol is libnghttp2's; here are the socket and the turns of the loop: what one turn makes
// ready for the wire, of all streams, goes out in one write.
//
// Thread safety: everything on the loop's thread; the destructor also after the loop has stopped.
// Lifetime: a connection connects once. Streams may begin before it is established: they wait. When it is
// lost (refused, closed, or broken), `lost` runs, and then each open stream is closed with UNAVAILABLE. After
// a GOAWAY it takes no more streams, and finishes those it has. Ownership: it owns its socket and its
// streams. Until `lost` has run it must not be destroyed on the loop; from then on it can be in a task of its
// own.
#pragma once

#include <netinet/in.h>
#include <nghttp2/nghttp2.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/event_loop.h"

namespace perdure::bench {

// How a stream ended.
struct H2End {
  absl::Status status;  // OK: the server ended it in order; else what gRPC makes of the reason
  // A GOAWAY came before it: the server has not acted on the request, so it can go to another connection.
  bool unseen = false;
};

// A request, and what hears its answer.
class H2Stream {
 public:
  virtual ~H2Stream() = default;

  // Of the request. The bytes stay where they are until the stream is closed.
  virtual std::string_view Body() const = 0;

  // While the answer comes in. They must not use the connection.
  virtual void OnHeader(std::string_view name, std::string_view value) = 0;  // trailers too
  virtual void OnData(std::string_view bytes) = 0;

  // The last that is heard. It may use the connection.
  virtual void OnClose(const H2End& end) = 0;
};

class H2Connection {
 public:
  using Header = std::pair<std::string_view, std::string_view>;

  using LostCallback = std::function<void(const H2Connection&)>;

  // Begins to connect.
  H2Connection(EventLoop& loop, const sockaddr_in& address, LostCallback lost);
  ~H2Connection();
  H2Connection(const H2Connection&) = delete;
  H2Connection& operator=(const H2Connection&) = delete;

  // Whether it was ever connected.
  bool established() const { return established_; }
  // Whether streams can begin.
  bool TakesStreams() const;

  // Sends a request, where TakesStreams; returns the stream's number. What it needs of `headers` is copied.
  int32_t Begin(absl::Span<const Header> headers, std::unique_ptr<H2Stream> stream);
  // Ends an open stream (RST_STREAM, CANCEL) and returns it; it hears no more.
  std::unique_ptr<H2Stream> Cancel(int32_t number);

 private:
  struct Open {
    std::unique_ptr<H2Stream> stream;
    size_t sent = 0;  // of its body
  };
  struct Closed {
    std::unique_ptr<H2Stream> stream;
    H2End end;
  };
  struct Callbacks;  // what nghttp2 calls

  void MakeSession();
  void Connect(const sockaddr_in& address);
  void OnReady(EventLoop::Interest ready);
  bool FinishConnecting();
  void Read();
  void CloseStream(int32_t number, H2End end);
  void TellClosed();
  void FlushLater();
  void Flush();
  bool Fill();
  void Want(bool writable);
  void Lose(const absl::Status& why);

  EventLoop& loop_;
  const LostCallback lost_;
  nghttp2_session* session_ = nullptr;
  int fd_ = -1;  // -1: lost
  bool established_ = false;
  bool wants_writable_ = true;
  bool flush_due_ = false;  // at the end of this turn, or posted
  std::string output_;      // frames not yet sent
  size_t output_sent_ = 0;
  std::vector<uint8_t> input_;
  absl::flat_hash_map<int32_t, Open> open_;
  std::vector<Closed> closed_;  // not told yet: nghttp2 is not to be used within its callbacks
};

}  // namespace perdure::bench
