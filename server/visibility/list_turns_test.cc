#include "server/visibility/list_turns.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/testing/manual_executor.h"

namespace perdure::server {
namespace {

struct Line {
  explicit Line(ListTurns::Options options) : turns(executor, options) {}

  // Notes `name` when its turn comes, and in `refused` when it does not.
  void Enter(const Uuid& name_space, const std::string& name) {
    turns.Enter(name_space, [this, name](const absl::Status& turn) {
      (turn.ok() ? served : refused).push_back(name);
      codes.push_back(turn.code());
    });
  }

  VirtualTime time{1};
  ManualExecutor executor{time};
  ListTurns turns;
  std::vector<std::string> served;
  std::vector<std::string> refused;
  std::vector<absl::StatusCode> codes;
  Uuid a = Uuid::Mint(executor.random());
  Uuid b = Uuid::Mint(executor.random());
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a namespace runs so many lists at a time, and another one as many beside it") {
  Line line({.running = 2, .running_of_one = 1});
  line.Enter(line.a, "a1");
  line.Enter(line.a, "a2");
  CHECK(line.served == Names{"a1"});
  line.Enter(line.b, "b1");
  CHECK(line.served == Names{"a1", "b1"});
  line.turns.Leave(line.a);
  CHECK(line.served == Names{"a1", "b1", "a2"});
  CHECK(line.turns.running() == 2);
  CHECK(line.turns.waiting() == 0);
}

TEST_CASE("namespaces come by turns, however long the line of one is") {
  Line line({.running = 1, .running_of_one = 1});
  for (int i = 0; i < 5; ++i) line.Enter(line.a, "a" + std::to_string(i));
  line.Enter(line.b, "b0");
  line.Enter(line.b, "b1");
  line.turns.Leave(line.a);
  line.turns.Leave(line.a);
  line.turns.Leave(line.b);
  CHECK(line.served == Names{"a0", "a1", "b0", "a2"});
  line.turns.Leave(line.a);
  line.turns.Leave(line.b);
  CHECK(line.served == Names{"a0", "a1", "b0", "a2", "b1", "a3"});
}

TEST_CASE("a namespace that was away does not come before those that waited meanwhile") {
  Line line({.running = 1, .running_of_one = 1});
  for (int i = 0; i < 4; ++i) line.Enter(line.a, "a" + std::to_string(i));
  line.turns.Leave(line.a);
  line.turns.Leave(line.a);
  line.Enter(line.b, "b0");
  line.Enter(line.b, "b1");
  line.turns.Leave(line.a);
  line.turns.Leave(line.b);
  CHECK(line.served == Names{"a0", "a1", "a2", "b0", "a3"});
}

TEST_CASE("a line that is too long refuses, and so does one that takes too long") {
  Line line({.running = 1, .running_of_one = 1, .waiting_of_one = 2, .patience = absl::Seconds(10)});
  for (int i = 0; i < 4; ++i) line.Enter(line.a, "a" + std::to_string(i));
  CHECK(line.refused == Names{"a3"});
  line.Enter(line.b, "b0");
  CHECK(line.refused.size() == 1);  // its line is its own
  line.time.Advance(absl::Seconds(11));
  CHECK(line.refused == Names{"a3", "a1", "a2", "b0"});
  CHECK(line.served == Names{"a0"});
  for (size_t i = 1; i < line.codes.size(); ++i) CHECK(line.codes[i] == absl::StatusCode::kResourceExhausted);
  CHECK(line.turns.waiting() == 0);
  line.turns.Leave(line.a);
  line.Enter(line.a, "a4");
  CHECK(line.served == Names{"a0", "a4"});
}

}  // namespace perdure::server
