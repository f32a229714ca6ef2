#include "base/ids.h"

#include <catch2/catch.hpp>
#include <set>

#include "base/event_loop.h"

namespace perdure {

TEST_CASE("a UUID's text form parses back to the same bytes") {
  auto random = NewSeededRandom(7);
  const Uuid id = Uuid::Mint(*random);
  CHECK(Uuid::Parse(id.ToString()) == id);
  CHECK(id.ToString()[14] == '4');
}

TEST_CASE("a UUID's 16 bytes make it again, and no other number of bytes does") {
  const Uuid id = *Uuid::Parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff");
  CHECK(Uuid::FromBytes(id.View()) == id);
  CHECK_FALSE(Uuid::FromBytes("").has_value());
  CHECK_FALSE(Uuid::FromBytes(id.View().substr(1)).has_value());
  std::string longer(id.View());
  longer.push_back('x');
  CHECK_FALSE(Uuid::FromBytes(longer).has_value());
}

TEST_CASE("only the 36-character form is a UUID") {
  CHECK(Uuid::Parse("6F9619FF-8B86-D011-B42D-00CF4FC964FF").has_value());
  CHECK_FALSE(Uuid::Parse("").has_value());
  CHECK_FALSE(Uuid::Parse("6f9619ff8b86d011b42d00cf4fc964ff").has_value());
  CHECK_FALSE(Uuid::Parse("6f9619ff-8b86-d011-b42d-00cf4fc964fg").has_value());
  CHECK_FALSE(Uuid::Parse("6f9619ff-8b86-d011-b42d+00cf4fc964ff").has_value());
}

TEST_CASE("stored rows depend on the shard of a workflow id, so it never changes") {
  const Uuid space = *Uuid::Parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff");
  CHECK(ShardOf(space, "order-1") == 1150);
  CHECK(ShardOf(space, "order-2") == 2625);
  CHECK(ShardOf(Uuid{}, "order-1") == 1407);
}

TEST_CASE("workflow ids spread over the shards") {
  std::set<ShardId> seen;
  for (int i = 0; i < 20000; ++i) seen.insert(ShardOf(Uuid{}, "workflow-" + std::to_string(i)));
  CHECK(seen.size() > kShardCount * 95 / 100);
}

}  // namespace perdure
