#include "bench/wire.h"

#include <catch2/catch.hpp>

#include "persistence/postgres/statements.h"

namespace perdure::bench {
namespace {

std::string Int4(size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

std::string Message(char type, const std::string& body = "") { return type + Int4(body.size() + 4) + body; }

std::string Text(std::string_view text) { return std::string(text) + '\0'; }

std::string Startup(const std::string& parameters) {
  const std::string body = Int4(3 << 16) + parameters + '\0';
  return Int4(body.size() + 4) + body;
}

std::string Bind(std::string_view statement) { return Message('B', Text("") + Text(statement)); }

TEST_CASE("a stream is cut at each Sync, and says which parts are batches and what they execute") {
  const std::string session = Message('P', "a statement") + Bind("settings") + Message('E') + Message('S');
  const std::string batch =
      Bind(persistence::sql::kAdvance.name) + Message('E') + Bind("history") + Message('E') + Message('S');
  const std::string startup = Startup(Text("user") + Text("perdure") + Text("options") + Text("-c geqo=off"));
  const auto stream = ReadWireStream(startup + session + batch + Message('X'));
  REQUIRE(stream.ok());
  CHECK(stream->options == "-c geqo=off");
  REQUIRE(stream->parts.size() == 2);
  CHECK_FALSE(stream->parts[0].is_batch);
  CHECK(stream->parts[0].begin == startup.size());
  CHECK(stream->parts[0].executes == 1);
  CHECK(stream->parts[1].is_batch);
  CHECK(stream->parts[1].begin == startup.size() + session.size());
  CHECK(stream->parts[1].end == startup.size() + session.size() + batch.size());
  CHECK(stream->parts[1].executes == 2);
}

TEST_CASE("a stream that cannot be sent again is refused, with what it has") {
  struct {
    const char* what;
    std::string bytes;
  } const cases[] = {
      {"no startup message", Message('S')},
      {"half a message", Startup("") + Message('S') + "B"},
      {"a message of type p", Startup("") + Message('p', "a password")},
      {"bytes behind its end", Startup("") + Message('X') + Message('S')},
  };
  for (const auto& [what, bytes] : cases) {
    INFO(what);
    const auto stream = ReadWireStream(bytes);
    REQUIRE(absl::IsInvalidArgument(stream.status()));
    CHECK(std::string(stream.status().message()).find(what) != std::string::npos);
  }
}

TEST_CASE("answers are counted wherever they are cut") {
  const std::string answers =
      Message('1') + Message('Z', "I") + Message('C', "INSERT 0 1") + Message('Z', "I");
  for (size_t cut = 0; cut <= answers.size(); ++cut) {
    WireAnswers counted;
    REQUIRE(counted.Take(std::string_view(answers).substr(0, cut)).ok());
    REQUIRE(counted.Take(std::string_view(answers).substr(cut)).ok());
    CHECK(counted.ready() == 2);
  }
}

TEST_CASE("an error that the database answers is told in its words") {
  WireAnswers counted;
  const absl::Status status =
      counted.Take(Message('Z', "I") + Message('E', Text("SERROR") + Text("Mdivision by zero") + '\0'));
  CHECK(absl::IsAborted(status));
  CHECK(std::string(status.message()).find("division by zero") != std::string::npos);
  CHECK(counted.ready() == 1);
}

}  // namespace
}  // namespace perdure::bench
