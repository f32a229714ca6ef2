// A kind of entity for tests: counters, which add, owe each other amounts, roll over into a next run, and
// close. It makes no events: its records are lines of text. That the host runs it proves that the host knows
// nothing of any kind.
//
// Thread safety and contract as engine/entity.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
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
// The run closes, and a next one goes on with what it has.
struct RollOver final : engine::Request {};
struct Close final : engine::Request {};
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

struct Debt {
  std::string to;
  int64_t amount = 0;
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
  int64_t next_debt = 1;
  std::map<int64_t, Debt> debts;
  std::set<std::string> seen;  // messages that were applied
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
    return sizeof(*this) + 100 * (state_.debts.size() + state_.seen.size());
  }
  std::unique_ptr<engine::Entity> Clone() const override { return std::make_unique<Counter>(state_); }

  // The first record of a run.
  static engine::NextEntity New(const Uuid& namespace_id, const std::string& id, const Uuid& run_id,
                                int64_t value, absl::Time now);

 private:
  // Applies the line, and adds a record of it.
  void Write(const std::string& line, std::vector<engine::Record>& records);
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

// Its line in a registry: nothing is counted.
EntityKind CounterLine();

}  // namespace perdure::server::testing
