// Where messages between entities leave and enter a history host: the seams between the host, which knows
// runs and their commits, and what sends, repeats and guards copies. Nothing here names a kind of entity.
//
// Not thread-safe, but for MessageReceiver: everything else lives on one executor.
#pragma once

#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/message.h"
#include "perdure/message.pb.h"
#include "persistence/batch.h"

namespace perdure::server {

struct ResidentRun;

// Takes copies of messages, wherever their targets' shards live. History is one.
class MessageReceiver {
 public:
  virtual ~MessageReceiver() = default;
  // From any thread; `done` runs on some executor, once, never inside the call. The answer is given when the
  // state that it was read from is durable. An error is no answer: the message is sent again.
  virtual void Deliver(perdure::engine::MessageCopy copy,
                       absl::AnyInvocable<void(absl::StatusOr<perdure::engine::MessageAnswer>) &&> done) = 0;
};

// What an outbox asks of its host.
class MessageSource {
 public:
  virtual ~MessageSource() = default;
  // The body of a message that the run owes; nullopt when it does not (any more), or is not in memory.
  virtual std::optional<perdure::engine::Message> BodyOf(const persistence::RunKey& run,
                                                         const engine::MessageKey& key) = 0;
  // Records what became of messages of one run, all in one step; `done` once that is durable, or the error.
  // What the run then still owes comes by Outbox::Take, before `done`.
  virtual void Settle(const persistence::RunKey& run, std::vector<engine::MessageOutcome> outcomes,
                      absl::AnyInvocable<void(const absl::Status&) &&> done) = 0;
};

// Sends what the runs of one host owe others, and repeats it until it is settled. Holds attempts and backoff
// in memory alone.
class Outbox {
 public:
  virtual ~Outbox() = default;
  // All that the run's durable state owes from now on, in order of keys: what is new is sent, what is missing
  // is owed no more. Called for a run that owes something, or did at the last call.
  virtual void Take(const ResidentRun& run, const std::vector<engine::OwedMessage>& messages) = 0;
  // The run leaves memory, or was dropped with its newest state: nothing more is sent for it.
  virtual void Forget(const ResidentRun& run) = 0;
  virtual void ForgetAll() = 0;
  // A copy is under way, an answer is being recorded, or an attempt is due: the run stays in memory.
  virtual bool Holds(const ResidentRun& run) const = 0;
  // The run's next attempt: its wake, when it leaves memory. Nullopt when it owes nothing.
  virtual std::optional<absl::Time> NextAttempt(const ResidentRun& run) const = 0;
};

// Keeps a receiver from acting on copies that are too old, or overtaken.
class MessageGuard {
 public:
  virtual ~MessageGuard() = default;
  // The host serves anew, under a new fence: copies from before are not acted on.
  virtual void Begin() = 0;
  // Called before a copy is acted on. An error is given back to the sender as no answer.
  virtual absl::Status Check(const perdure::engine::MessageCopy& copy) = 0;
};

}  // namespace perdure::server
