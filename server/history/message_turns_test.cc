#include "server/history/message_turns.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace perdure::server {
namespace {

Uuid IdOf(uint8_t number) {
  Uuid id;
  id.bytes[0] = number;
  return id;
}

MessageTurns::Way WayOf(uint8_t namespace_number, uint8_t sender, const std::string& target) {
  persistence::RunKey run;
  run.run_id = IdOf(sender);
  return {IdOf(namespace_number), run, {IdOf(namespace_number), 1, target}};
}

// Lanes in the order in which they get their turns, one message each.
std::vector<MessageTurns::Lane> Drain(MessageTurns& turns) {
  std::vector<MessageTurns::Lane> order;
  while (const auto turn = turns.Next()) {
    order.push_back(turn->lane);
    turns.Take(*turn, 1);
  }
  return order;
}

TEST_CASE("places go round namespaces, and then senders") {
  MessageTurns turns({.sender = 8, .target = 8, .all = 100});
  for (const MessageTurns::Lane lane : {1, 2, 3}) turns.Want(lane, WayOf(1, 1, "a" + std::to_string(lane)));
  turns.Want(4, WayOf(1, 2, "b"));
  turns.Want(5, WayOf(2, 3, "c"));
  CHECK(Drain(turns) == std::vector<MessageTurns::Lane>{1, 5, 4, 2, 3});
}

TEST_CASE("a sender has no more messages under way than its places, and goes on when one comes back") {
  MessageTurns turns({.sender = 2, .target = 8, .all = 100});
  for (const MessageTurns::Lane lane : {1, 2, 3, 4}) turns.Want(lane, WayOf(1, 1, std::to_string(lane)));
  CHECK(Drain(turns) == std::vector<MessageTurns::Lane>{1, 2});
  turns.GiveBack(WayOf(1, 1, "1"), 1);
  CHECK(Drain(turns) == std::vector<MessageTurns::Lane>{3});
  CHECK(turns.under_way() == 2);
}

TEST_CASE("a target that is full does not stop its senders' other messages") {
  MessageTurns turns({.sender = 8, .target = 1, .all = 100});
  turns.Want(1, WayOf(1, 1, "hot"));
  turns.Want(2, WayOf(1, 2, "hot"));
  turns.Want(3, WayOf(1, 2, "cold"));
  CHECK(Drain(turns) == std::vector<MessageTurns::Lane>{1, 3});
  turns.GiveBack(WayOf(1, 1, "hot"), 1);
  CHECK(Drain(turns) == std::vector<MessageTurns::Lane>{2});
}

TEST_CASE("a place that a lane no longer needs goes to who waits for it") {
  MessageTurns turns({.sender = 8, .target = 1, .all = 100});
  turns.Want(1, WayOf(1, 1, "hot"));
  CHECK(Drain(turns) == std::vector<MessageTurns::Lane>{1});
  turns.Want(2, WayOf(1, 2, "hot"));
  turns.Want(3, WayOf(1, 3, "hot"));
  CHECK_FALSE(turns.Next().has_value());
  turns.GiveBack(WayOf(1, 1, "hot"), 1);
  const auto gone = turns.Next();
  REQUIRE(gone.has_value());
  CHECK(gone->lane == 2);
  turns.Drop(*gone);
  CHECK(Drain(turns) == std::vector<MessageTurns::Lane>{3});
}

TEST_CASE("a turn has no more room than the sender, the target and all have places") {
  MessageTurns turns({.sender = 5, .target = 4, .all = 7});
  turns.Want(1, WayOf(1, 1, "a"));
  const auto first = turns.Next();
  REQUIRE(first.has_value());
  CHECK(first->room == 4);
  turns.Take(*first, 4);
  turns.Want(2, WayOf(1, 1, "b"));
  const auto second = turns.Next();
  REQUIRE(second.has_value());
  CHECK(second->room == 1);
  turns.Take(*second, 1);
  turns.Want(3, WayOf(1, 2, "c"));
  const auto third = turns.Next();
  REQUIRE(third.has_value());
  CHECK(third->room == 2);
  turns.Take(*third, 2);
  turns.Want(4, WayOf(1, 3, "d"));
  CHECK_FALSE(turns.Next().has_value());
}

TEST_CASE("a sender of thousands keeps nobody waiting") {
  MessageTurns turns({.sender = 64, .target = 256, .all = 64});
  for (MessageTurns::Lane lane = 1; lane <= 5000; ++lane) {
    turns.Want(lane, WayOf(1, 1, "target " + std::to_string(lane)));
  }
  CHECK(Drain(turns).size() == 64);
  turns.Want(9999, WayOf(1, 2, "elsewhere"));
  turns.GiveBack(WayOf(1, 1, "target 1"), 1);
  turns.GiveBack(WayOf(1, 1, "target 2"), 1);
  const std::vector<MessageTurns::Lane> next = Drain(turns);
  CHECK(next.size() == 2);
  CHECK(std::count(next.begin(), next.end(), 9999) == 1);
}

}  // namespace
}  // namespace perdure::server
