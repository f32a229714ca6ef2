// Sends what the runs of one executor owe other entities, until the answer is recorded
// (docs/MESSAGES.md). What is owed follows from each durable state; the outbox compares it with what it has
// under way, so that recovery is the same path. Attempts, waits and failures are in memory only: a target
// that is away costs its senders no commit.
//
// A message has at most one copy that is waited for. A later copy is sent when that one's answer is none, or
// does not come in time; Done is taken of any copy, Refused only of the last one, and nothing once the
// message is not owed any more. Answers that come while the sender's last step is on its way to the store are
// recorded together, by one step.
//
// Not thread-safe: lives on one executor, and is destroyed on it or after its end. The host outlives it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/executor.h"
#include "engine/message.h"
#include "persistence/batch.h"
#include "server/history/message_metrics.h"
#include "server/history/message_transport.h"
#include "server/history/message_turns.h"

namespace perdure::server {

class MessageOutbox {
 public:
  class Host {
   public:
    virtual ~Host() = default;
    // The message as the run's newest state has it; nullopt when that does not owe it any more.
    virtual std::optional<perdure::engine::Message> BodyOf(const persistence::RunKey& run,
                                                           const engine::MessageKey& key) = 0;
    // Lets the run record the outcomes in one step. `done` is called once that is durable, after the Take
    // that tells what the run then owes; or with an error.
    virtual void Settle(const persistence::RunKey& run, std::vector<engine::MessageOutcome> outcomes,
                        absl::AnyInvocable<void(const absl::Status&) &&> done) = 0;
  };

  // Who writes for the senders; every copy says so.
  struct Writer {
    uint32_t id = 0;
    uint64_t term = 0;  // of the shards' ownership; 0 where nobody else can have them
    uint64_t epoch = 0;
  };

  MessageOutbox(Executor& executor, const MessageClock& clock, Host& host, MessageMetrics metrics);
  MessageOutbox(const MessageOutbox&) = delete;
  MessageOutbox& operator=(const MessageOutbox&) = delete;

  // REQUIRES: nothing is known (at the beginning, or after ForgetAll). `transport` outlives the outbox.
  void Begin(Writer writer, MessageTransport& transport);

  // What the run's durable state owes from now on, in the order of the keys.
  void Take(const persistence::RunKey& run, const Uuid& namespace_id,
            const std::vector<engine::OwedMessage>& owed);
  // The run must stay in memory: a copy of a message that it owes is under way or about to be, or an answer
  // is to be recorded.
  bool IsBusy(const persistence::RunKey& run) const;
  // When the run, which is not busy, has something to send again.
  std::optional<absl::Time> NextAttempt(const persistence::RunKey& run) const;
  // The run leaves memory, or was dropped. When it comes back, it goes on waiting as it had.
  void Forget(const persistence::RunKey& run);
  // What is in memory is believed no more. Answers to what was sent until now are dropped, and nothing is
  // sent until Begin.
  void ForgetAll();

 private:
  using LaneId = MessageTurns::Lane;

  struct Owed {
    LaneId lane = 0;
    bool answered = false;  // the answer is about to be recorded
    absl::Time not_before;
    uint64_t last_attempt = 0;  // 0: none was sent
    bool done = false;          // the answer was Done
    // Sender, target and id of a message whose id the receiver keeps; null until it was sent, and of all
    // others.
    std::unique_ptr<perdure::engine::Message> envelope;
  };
  struct Lane {
    enum class At { kIdle, kWaits, kWantsTurn, kUnderWay };
    MessageTurns::Way way;
    bool ordered = false;
    At at = At::kIdle;
    // Those that are not answered, in the order of their numbers; without `ordered` it is at most one. kIdle:
    // none.
    absl::btree_set<std::pair<int64_t, engine::MessageKey>> messages;
    size_t answered = 0;
    int failures = 0;       // in a row
    absl::Time next;        // kWaits
    uint64_t delivery = 0;  // kUnderWay: which one it waits for
  };
  struct Sender {
    Uuid namespace_id;
    std::map<engine::MessageKey, Owed> messages;
    absl::flat_hash_map<engine::EntityAddress, LaneId> ordered;
    size_t active = 0;  // lanes that want a turn or are under way
    std::vector<engine::MessageOutcome> outcomes;
    bool settle_posted = false;
    bool settling = false;  // a step was asked for, and is not durable yet
  };
  struct Sent {
    engine::MessageKey key;
    uint64_t attempt = 0;
  };
  struct Delivery {
    uint64_t number = 0;
    LaneId lane = 0;
    MessageTurns::Way way;
    std::vector<Sent> sent;
    absl::Duration deadline;
    bool open = true;  // its places are taken
  };
  using DeliveryPtr = std::shared_ptr<Delivery>;
  // How a run waited when it left memory.
  struct Left {
    int failures = 0;
    absl::Time next;
    uint64_t number = 0;
  };
  using Remembered = std::optional<Left>;

  // --- what is owed
  void Add(const persistence::RunKey& run, Sender& sender, const engine::OwedMessage& owed,
           const Remembered& left);
  void Drop(Sender& sender, std::map<engine::MessageKey, Owed>::iterator gone);
  // A message that was answered is owed all the same.
  void OweAgain(const engine::MessageKey& key, Owed& owed, absl::Time at);
  void ForgetIfDone(const persistence::RunKey& run);
  Remembered Recall(const persistence::RunKey& run);
  void Remember(const persistence::RunKey& run, const Sender& sender);

  // --- lanes
  // REQUIRES, of WaitUntil and WantTurn: it is idle, and has messages.
  void EraseLane(LaneId id);
  // It is neither waiting nor active any more.
  void SetIdle(LaneId id, Lane& lane);
  void EraseIfEmpty(LaneId id);
  void WaitUntil(LaneId id, absl::Time at);
  void WantTurn(LaneId id);
  void SetFailures(Lane& lane, int failures);
  void CountFailure(Lane& lane);
  absl::Duration BackoffOf(int failures);
  void Arm();
  void RingDue();

  // --- sending and answers
  void Pump();
  // The copies that the lane sends now, with `delivery` told of them; none when its run owes them no more.
  perdure::engine::Delivery Compose(const Lane& lane, size_t room, Delivery& delivery);
  void FillCopy(perdure::engine::Message message, perdure::engine::MessageCopy& copy);
  void Send(const MessageTurns::Turn& turn);
  void Close(Delivery& delivery);
  void OnAnswer(const DeliveryPtr& delivery, const absl::StatusOr<perdure::engine::DeliveryAnswers>& answers);
  // Done or Refused.
  void TakeAnswer(const Delivery& delivery, const Sent& sent, const perdure::engine::MessageAnswer& answer);
  // The lane no longer waits for the delivery. `failed`: of some copy there is no answer; `later`: what was
  // answered.
  void GoOn(const Delivery& delivery, std::optional<absl::Duration> later, bool failed);
  void WatchOverdue();
  void PostSettle(const persistence::RunKey& run, Sender& sender);
  void Settle(const persistence::RunKey& run);
  void OnSettled(const persistence::RunKey& run, const std::vector<engine::MessageKey>& keys);
  // Tells the receivers which of the ids that they keep are durably settled.
  void SaySettled();

  Executor& executor_;
  const MessageClock& clock_;
  Host& host_;
  MessageMetrics metrics_;
  MessageTransport* transport_ = nullptr;
  Writer writer_;
  std::shared_ptr<const bool> alive_;  // replaced by ForgetAll: callbacks of before know themselves by it

  MessageTurns turns_;
  absl::flat_hash_map<persistence::RunKey, Sender> senders_;
  absl::flat_hash_map<LaneId, Lane> lanes_;
  absl::btree_set<std::pair<absl::Time, LaneId>> waiting_;
  std::deque<DeliveryPtr> under_way_;  // in the order of their deadlines; also some that are answered
  absl::flat_hash_map<persistence::RunKey, Left> left_;
  std::deque<std::pair<uint64_t, persistence::RunKey>> left_order_;
  std::vector<std::unique_ptr<perdure::engine::Message>> settled_;  // envelopes; said by SaySettled

  LaneId last_lane_ = 0;
  uint64_t last_attempt_ =
      0;  // grows over all copies: a later one has a higher number, whatever was forgotten
  uint64_t last_delivery_ = 0;
  uint64_t last_left_ = 0;
  size_t failing_ = 0;
  Executor::TimerId timer_ = Executor::kNoTimer;
  absl::Time armed_for_;
  Executor::TimerId overdue_timer_ = Executor::kNoTimer;
};

}  // namespace perdure::server
