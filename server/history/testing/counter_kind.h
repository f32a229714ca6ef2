// A kind of entity for tests: counters, which add, owe each other amounts, begin others and stop them, roll
// over into a next run, and close. It makes no events: its records are lines of text. That the host runs it
// proves that the host knows nothing of any kind.
//
// They send in the manner of kinds that are to come: Give as a batch job sends its steps (the receiver keeps
// the message's name), Begin and Stop as a schedule starts and stops workflows (a minted run id; a chain by
// its first run), and whoever was begun tells its follower of its end, once, with all that it has then.
//
// Thread safety and contract as engine/entity.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/entity.h"
#include "server/history/entity_kinds.h"

namespace perdure::server::testing {

inline constexpr KindNumber kCounterKind = 30000;

// Adds to the counter.
struct Add final : engine::Request {
  explicit Add(int64_t amount) : amount(amount) {}
  const int64_t amount;
};
// The counter owes `to` the amount from now on, and has that much less.
struct Give final : engine::Request {
  Give(std::string to, int64_t amount) : to(std::move(to)), amount(amount) {}
  const std::string to;
  const int64_t amount;
};
// The counter owes `to` its start from now on, and follows it until it has ended.
struct Begin final : engine::Request {
  explicit Begin(std::string to) : to(std::move(to)) {}
  const std::string to;
};
// Those that it follows are to end.
struct Stop final : engine::Request {};
// The run closes, and a next one goes on with what it has. Both are refused while it follows others, which
// Close stops then.
struct RollOver final : engine::Request {};
struct Close final : engine::Request {};
// Its caller waits until the counter has as much.
struct AwaitAtLeast final : engine::Request {
  explicit AwaitAtLeast(int64_t value) : value(value) {}
  const int64_t value;
};
// Read: what the counter has.
struct Look final : engine::Request {};

struct StartCounter final : engine::StartRequest {
  explicit StartCounter(std::string name) : name(std::move(name)) {}
  const std::string& id() const override { return name; }
  bool MayReplaceUnfoldable() const override { return true; }
  const std::string name;
};

struct Count final : engine::Reply {
  explicit Count(int64_t value) : value(value) {}
  void SetRun(const Uuid& run_id) override { run = run_id; }
  int64_t value;
  Uuid run;
};

// What a counter owes another: an amount, or its start.
struct Debt {
  std::string to;
  int64_t amount = 0;
  std::optional<Uuid> begins;  // the run that it begins
};
// One that a counter has begun, and follows.
struct Followed {
  std::string id;
  Uuid first_run;
  bool stop_owed = false;
};
// Who is told of a counter's end.
struct Follower {
  std::string id;
  Uuid run;
  int64_t token = 0;
};

struct CounterState {
  Uuid namespace_id;
  std::string id;
  Uuid run_id;
  absl::Time started;
  absl::Time last_time;
  std::optional<absl::Time> closed;
  std::optional<absl::Time> delete_after;
  int64_t value = 0;
  int64_t sequence = 0;
  Uuid first_run;
  int64_t next_debt = 1;
  std::map<int64_t, Debt> debts;
  std::map<int64_t, Followed> followed;     // by the debt that began them
  std::map<std::string, std::string> seen;  // messages that were applied, and their senders
  std::optional<Follower> follower;
  int64_t handed_on = 0;  // of its value, to the run that follows
  bool owes_end = false;  // it has ended, and its follower does not know
};

class Counter final : public engine::Entity {
 public:
  explicit Counter(CounterState state = {}) : state_(std::move(state)) {}

  const engine::Kind& kind() const override;
  const Uuid& namespace_id() const override { return state_.namespace_id; }
  const std::string& id() const override { return state_.id; }
  const Uuid& run_id() const override { return state_.run_id; }
  absl::Time start_time() const override { return state_.started; }
  bool IsOpen() const override { return !state_.closed.has_value(); }
  engine::LogPosition log() const override { return {1, state_.sequence, 0}; }

  engine::Decision Decide(const engine::Request& request, const engine::Context& context) override;
  engine::Decision FireTimers(const engine::Context&) override { return {}; }
  engine::Decision Harden(const engine::Context&) override { return {}; }
  engine::MessageDecision Receive(const perdure::engine::Message& message,
                                  const engine::Context& context) override;
  engine::Decision Settle(std::vector<engine::MessageOutcome> outcomes,
                          const engine::Context& context) override;
  absl::Status Apply(const engine::Record& record) override;

  engine::Obligations Owed() const override;
  engine::Obligations DurablyOwed() const override { return Owed(); }
  perdure::engine::Message MessageOf(const engine::MessageKey& key,
                                     const engine::NamespaceSettings& own) const override;
  absl::StatusOr<engine::ReplyPtr> Read(const engine::Request& request, absl::Time now) const override;
  bool HasVolatile() const override { return false; }
  absl::Time EarliestNow() const override { return state_.last_time; }
  engine::EntityRow Row() const override;
  std::string EncodeSnapshot() const override;
  size_t LeastSnapshotBytes() const override { return 1; }
  size_t ApproximateBytes() const override {
    return sizeof(*this) + 100 * (state_.debts.size() + state_.seen.size() + state_.followed.size());
  }
  std::unique_ptr<engine::Entity> Clone() const override { return std::make_unique<Counter>(state_); }

  // What a run begins with.
  struct Beginning {
    std::string id;
    Uuid run_id;
    Uuid first_run;
    int64_t value = 0;
    std::optional<Follower> follower;
  };
  static engine::NextEntity New(const Uuid& namespace_id, const Beginning& beginning, absl::Time now);
  const CounterState& state() const { return state_; }
  // Messages are for whichever run is current: what took effect is known to the next one.
  void HandSeenOn(engine::NextEntity& next, const engine::Context& context) const;

 private:
  engine::Decision DecideOn(const engine::Request& request, const engine::Context& context);
  // Null: the counter has less yet.
  absl::StatusOr<engine::ReplyPtr> Awaited(const engine::Request& request) const;
  void AnswerWaiters(const engine::Context& context, engine::Decision& decision) const;
  // Applies the line, and adds a record of it.
  void Write(const std::string& line, std::vector<engine::Record>& records);
  // REQUIRES: it follows nobody.
  void End(bool rolls_over, const engine::Context& context, engine::Decision& decision);
  void StopFollowed(const engine::Context& context, std::vector<engine::Record>& records);
  perdure::engine::MessageAnswer Take(const perdure::engine::Message& message, const engine::Context& context,
                                      engine::Decision& decision);
  perdure::engine::MessageAnswer TakeEnd(const perdure::engine::ChildEnded& ended,
                                         const engine::Context& context, engine::Decision& decision);
  void SettleOne(const engine::MessageOutcome& outcome, const engine::Context& context,
                 std::vector<engine::Record>& records);
  bool FollowsAny() const;
  bool OwesAny() const;
  std::optional<absl::Time> DeleteAt() const;

  CounterState state_;
};

class CounterKind final : public engine::Kind {
 public:
  KindNumber number() const override { return kCounterKind; }
  std::string_view name() const override { return "counter"; }
  std::unique_ptr<engine::Entity> New() const override { return std::make_unique<Counter>(); }
  absl::StatusOr<std::unique_ptr<engine::Entity>> Decode(std::string_view snapshot) const override;
  engine::Decision Start(engine::Entity* current, const engine::StartRequest& start,
                         const engine::Context& context) const override;
  engine::MessageDecision Receive(engine::Entity* current, const perdure::engine::Message& message,
                                  const engine::Context& context) const override;
  std::optional<Uuid> StartedRun(const perdure::engine::Message& message) const override;
  perdure::engine::MessageAnswer Repeated(const perdure::engine::Message&) const override;
  std::unique_ptr<engine::Entity> Salvage(engine::Remains remains) const override;
  absl::Status NoSuch(const std::string& id, const std::optional<Uuid>& run_id) const override;
};

// What a step of a counter says.
struct CounterSays final : engine::Happenings {
  explicit CounterSays(std::string word) : word(std::move(word)) {}
  const std::string word;  // "begun" or "closed"
};

// Its line in a registry. Nothing is counted; what counters say is added to `told`, unless that is null.
EntityKind CounterLine(std::vector<std::string>* told = nullptr);

}  // namespace perdure::server::testing
