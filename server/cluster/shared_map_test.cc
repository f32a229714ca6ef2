#include "server/cluster/shared_map.h"

#include <string>

#include <catch2/catch.hpp>

namespace perdure::server {

TEST_CASE("a changed map is another one; the one before stays as it was") {
  const SharedMap<std::string, int> none;
  const SharedMap<std::string, int> one = none.With("a", 1);
  const SharedMap<std::string, int> two = one.With("b", 2).With("a", 3);
  CHECK(none.empty());
  CHECK(one.size() == 1);
  CHECK(*one.Find("a") == 1);
  CHECK_FALSE(one.Contains("b"));
  CHECK(two.size() == 2);
  CHECK(*two.Find("a") == 3);
  CHECK_FALSE(two.Without("a").Contains("a"));
  CHECK(two.Without("c").size() == 2);
}

TEST_CASE("a map holds many entries, each once") {
  constexpr int kEntries = 5000;
  SharedMap<std::string, int> map;
  for (int i = 0; i < kEntries; ++i) map = map.With(std::to_string(i), i);
  int seen = 0;
  int sum = 0;
  map.ForEach([&](const std::string& key, int value) {
    CHECK(key == std::to_string(value));
    ++seen;
    sum += value;
  });
  CHECK(seen == kEntries);
  CHECK(sum == kEntries * (kEntries - 1) / 2);
  for (int i = 0; i < kEntries; i += 2) map = map.Without(std::to_string(i));
  CHECK(map.size() == kEntries / 2);
  CHECK(*map.Find("4999") == 4999);
  CHECK_FALSE(map.Contains("4998"));
}

}  // namespace perdure::server
