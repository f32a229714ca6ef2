// One client's connection: HTTP/2 by libnghttp2's session over a WireSocket, gRPC on top of it. What one turn
// of the loop makes ready for the wire, of all streams, goes out in one write. While the socket takes
// nothing, nothing is read.
//
// Limits (base/limits.h): those that concern one connection are seen to here; at each of them the client is
// held back first, where HTTP/2 can, and then closed.
//
// Thread safety: the loop's thread; the destructor also after the loop has stopped. Lifetime: when it is
// over, `over` runs, once, and from then on the connection may be destroyed in a task of its own.
#pragma once

#include <nghttp2/nghttp2.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "base/event_loop.h"
#include "base/limits.h"
#include "server/wire/wire_socket.h"
#include "server/wire/wire_stream.h"
#include "server/wire/wire_world.h"

namespace perdure::server {

class WireConnection final : private WireAnswers {
 public:
  using Over = std::function<void(WireConnection&)>;
  // Told why a handshake of TLS failed.
  using Refused = std::function<void(const std::string& reason)>;

  // `tls` null: plain text.
  WireConnection(WireWorld& world, EventLoop& loop, int fd, std::string peer, std::shared_ptr<SSL_CTX> tls,
                 Over over, Refused refused);
  ~WireConnection() override;
  WireConnection(const WireConnection&) = delete;
  WireConnection& operator=(const WireConnection&) = delete;

  void Begin();
  // Every second: what has taken too long.
  void Tick();
  // Takes no more calls (GOAWAY), finishes those it has, and is over then.
  void Drain();
  // After Drain: the end of it, without waiting for the next tick.
  void SayGoodbye();
  // Over at once. Streams end without an answer.
  void Close();
  // Tells those who watch it.
  void PushHealth();

  // What it is worth, for whoever must choose one to close: whether it has served anything, whether it has
  // streams, and since when it has done nothing.
  bool handshaken() const { return handshaken_; }
  bool idle() const { return streams_.empty(); }
  absl::Duration last_busy() const { return last_busy_; }
  const std::string& peer() const { return account_->peer(); }

 private:
  struct Callbacks;  // what nghttp2 calls

  void MakeSession();
  void OnReady();
  bool FinishHandshake();
  void Read();
  void CloseFor(WireLimit limit, std::string_view what);

  // Requests.
  void OnRequestHeaders(WireStream& stream);
  void OnRequestData(WireStream& stream, std::string_view bytes);
  void OnRequestEnd(WireStream& stream);
  int OnHeader(WireStream& stream, std::string_view name, std::string_view value);
  void OnReset();
  void CheckOpen(int32_t number);
  void NoteOwnReset(int32_t number);
  void Charge(WireStream& stream, size_t bytes);
  void GiveRoom();
  void Serve();
  bool MayServe(const WireStream& stream) const;
  void ServeOne(WireStream& stream);
  void ServeSide(WireStream& stream);

  // Answers.
  void OnAnswer(int32_t number, absl::StatusOr<ReplyBytes> answer) override;
  void SendMessage(WireStream& stream, ReplyBytes bytes, bool charged);
  void Finish(WireStream& stream, const absl::Status& status);
  void BeginAnswer(WireStream& stream, const WireHeaders& more);
  ssize_t FillFrom(WireStream& stream, uint8_t* into, size_t size, uint32_t* flags);
  void Release(WireStream& stream);
  void DropStream(int32_t number);

  void AnnounceCalls();
  void SendGoaway();
  void FlushLater();
  void Flush();
  bool Fill();
  void Want(EventLoop::Interest interest);

  // Deadlines.
  void NoteDeadline(const WireStream& stream);
  void ForgetDeadline(const WireStream& stream);
  void ArmDeadline();
  void OnDeadlines();
  void GiveUp(WireStream& stream);

  void TickStreams(absl::Duration now);
  void TickWanting(absl::Duration now);
  void TickIdle(absl::Duration now);
  WireStream* Find(int32_t number);

  WireWorld& world_;
  EventLoop& loop_;
  const std::shared_ptr<SSL_CTX> tls_;
  std::unique_ptr<WireSocket> socket_;  // null: over
  const Over over_;
  const Refused refused_;
  const std::shared_ptr<WireCall::Link> link_;
  const std::shared_ptr<WireAccount> account_;
  nghttp2_session* session_ = nullptr;

  const absl::Duration begun_;
  bool handshaken_ = false;  // TLS, and the client's first settings
  bool tls_done_ = false;
  bool draining_ = false;
  bool goaway_sent_ = false;
  absl::Duration drained_at_;  // when draining began
  absl::Duration last_read_;
  absl::Duration last_busy_;
  absl::Duration last_progress_;  // when an answer's bytes last went out, or none waited
  absl::Duration pinged_at_;
  bool pinged_ = false;
  EventLoop::Interest interest_{.readable = true};
  bool flush_due_ = false;

  std::string output_;  // frames not yet sent
  size_t output_sent_ = 0;
  size_t output_charged_ = 0;

  absl::flat_hash_map<int32_t, std::unique_ptr<WireStream>> streams_;
  size_t half_ = 0;                              // of them, whose requests are not whole
  size_t announced_ = limits::kWireHalfStreams;  // calls at a time that the client has been told it may make
  // The same, and since when; the oldest first. Also some that are whole, gone or have begun anew.
  std::deque<std::pair<absl::Duration, int32_t>> arriving_;
  std::deque<int32_t> ready_;    // whole, to be served; also some that are gone
  std::deque<int32_t> wanting_;  // want a larger window; also some that are gone
  size_t rooms_ = 0;             // larger windows given to requests that are not served yet
  std::deque<std::pair<absl::Duration, int32_t>>
      busy_;  // served when, and not answered when they were put here
  absl::btree_set<std::pair<absl::Duration, int32_t>> deadlines_;  // of all that have one
  Executor::TimerId deadline_timer_ = Executor::kNoTimer;
  absl::Duration deadline_armed_;  // what the timer is set to
  size_t reserved_ = 0;
  bool held_back_ = false;  // calls wait for the client to take answers
  bool said_held_back_ = false;
  std::deque<int32_t> own_resets_;  // streams that the server has reset, the latest
  int32_t forgotten_reset_ = 0;     // the highest that is there no more
  double resets_ = 0;               // tokens used
  absl::Duration resets_at_;
  std::optional<WireLimit> broken_;  // a limit that was met within libnghttp2's callbacks
};

}  // namespace perdure::server
