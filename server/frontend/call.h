// One call of a client while it is served: what a handler may know of it, and its answer. The transport
// (gRPC, or a test's fake) derives from it.
//
// Ownership: a handler holds its call by CallPtr and answers it once; a CallPtr that goes away unanswered (an
// executor that stops drops its tasks) answers UNAVAILABLE, so that no client waits for ever. Thread safety:
// any thread, one at a time; cancellation may come at any moment on another.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "google/protobuf/message_lite.h"
#include "server/cluster/namespace_registry.h"
#include "server/frontend/reply_bytes.h"

namespace perdure::server {

struct Method;
class Call;

// What is told about each call at its end. Any thread; must not block.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  // `name_space` is null when the call had none or it was not found.
  virtual void OnAnswered(const Method& method, const NamespacePtr& name_space, const absl::Status& status,
                          absl::Duration latency) = 0;
  // What a call that was answered OK did besides itself, where that counts as an action (Call::NoteAction).
  virtual void OnActions(const Method& /*method*/, const NamespacePtr& /*name_space*/,
                         const std::vector<std::string>& /*actions*/) {}
};

struct DropCall {
  void operator()(Call* call) const;
};
using CallPtr = std::unique_ptr<Call, DropCall>;

// Keeps a call's object alive beyond its CallPtr.
class CallHold {
 public:
  explicit CallHold(Call& call);
  ~CallHold();
  CallHold(const CallHold&) = delete;
  CallHold& operator=(const CallHold&) = delete;

 private:
  Call& call_;
};

class Call {
 public:
  const Method& method() const { return method_; }
  const NamespacePtr& name_space() const { return namespace_; }
  void set_name_space(NamespacePtr name_space) { namespace_ = std::move(name_space); }

  // Until the client gives up; nullopt: it set no deadline.
  virtual std::optional<absl::Duration> TimeLeft() const = 0;
  // A request header by its lower-case name; empty when it is not there. Valid as long as the call.
  virtual std::string_view Header(std::string_view name) const = 0;

  // Notes an action, by Temporal's name of its type, that counts if the answer is OK.
  void NoteAction(std::string type) { actions_.push_back(std::move(type)); }

  // The answer. REQUIRES: none was given yet.
  void Reply(const google::protobuf::MessageLite& message) { Answer(ReplyBytes(message)); }
  void Reply(ReplyBytes bytes) { Answer(std::move(bytes)); }
  // A text of more than limits::kErrorText is cut: an answer that breaks its client's limit on headers would
  // reach it as another error.
  void Fail(absl::Status status);

  // Runs `on_cancel` when the client goes away before the answer; at once, here, if it already did. Dropped
  // with the answer. It must not touch the call, and only posts what it wants done.
  void OnCancelled(absl::AnyInvocable<void() &&> on_cancel);

  // Whether the client has gone away, so that an answer would reach nobody. Says nothing of an answer that
  // was given before.
  bool ClientIsGone();

 protected:
  Call(const Method& method, CallObserver& observer, absl::Duration began)
      : method_(method), observer_(observer), began_(began) {}
  virtual ~Call() = default;

  // Sends the answer; called once.
  virtual void Send(absl::StatusOr<ReplyBytes> answer) = 0;
  // Counted references of handlers to this object; it begins with one.
  virtual void Ref() = 0;
  virtual void Unref() = 0;
  // Monotonic, on the clock that gave `began`.
  virtual absl::Duration Monotonic() const = 0;

  // For the transport: the client is gone.
  void Cancel();

 private:
  friend struct DropCall;
  friend class CallHold;
  void Answer(absl::StatusOr<ReplyBytes> answer);

  const Method& method_;
  CallObserver& observer_;
  const absl::Duration began_;
  NamespacePtr namespace_;
  std::vector<std::string> actions_;

  Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool answered_ ABSL_GUARDED_BY(mutex_) = false;
  absl::AnyInvocable<void() &&> on_cancel_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
