#include "server/calls/numbered_calls.h"

#include <catch2/catch.hpp>

#include <utility>
#include <vector>

namespace perdure::server {
namespace {

// Keeps what it is given.
struct KeepingCarrier final : CallCarrier {
  void Carry(std::string call, Callback<std::string> done) override {
    carried.emplace_back(std::move(call), std::move(done));
  }
  std::vector<std::pair<std::string, Callback<std::string>>> carried;
};

struct Pair {
  void Call(const std::string& call) {
    numbered.Carry(call, [this](absl::StatusOr<std::string> answer) { answers.push_back(*answer); });
  }
  // The n-th call arrives.
  void Arrive(size_t n) {
    once.Handle(
        carrier.carried.at(n).first, [](const absl::StatusOr<std::string>&) {},
        [this](std::string_view call, const Callback<std::string>&) { made.emplace_back(call); });
  }
  void Answer(size_t n) { std::move(carrier.carried.at(n).second)(carrier.carried.at(n).first); }

  KeepingCarrier carrier;
  NumberedCalls numbered{carrier};
  CallsMadeOnce once;
  std::vector<std::string> made;
  std::vector<std::string> answers;
};

TEST_CASE("a call that comes twice is made once, in whatever order calls come") {
  Pair pair;
  for (const char* call : {"a", "b", "c"}) pair.Call(call);
  for (const size_t n : {2U, 0U, 0U, 1U, 2U, 1U}) pair.Arrive(n);
  CHECK(pair.made == std::vector<std::string>{"c", "a", "b"});
}

TEST_CASE("a copy that comes when its call was answered long ago is not made") {
  Pair pair;
  pair.Call("a");
  pair.Answer(0);  // as the network says: it was lost
  CHECK(pair.answers.size() == 1);
  pair.Call("b");
  pair.Arrive(1);
  pair.Arrive(0);
  CHECK(pair.made == std::vector<std::string>{"b"});
}

TEST_CASE("what is no numbered call is refused") {
  CallsMadeOnce once;
  absl::Status refused;
  once.Handle(
      "no message", [&](const absl::StatusOr<std::string>& answer) { refused = answer.status(); },
      [](std::string_view, const Callback<std::string>&) { FAIL("it was made"); });
  CHECK(absl::IsInvalidArgument(refused));
}

}  // namespace
}  // namespace perdure::server
