#include "engine/event_frames.h"

#include <catch2/catch.hpp>

namespace perdure::engine {
namespace {

using temporal::api::history::v1::History;
using temporal::api::history::v1::HistoryEvent;

HistoryEvent Event(int64_t id, size_t bytes) {
  HistoryEvent event;
  event.set_event_id(id);
  event.mutable_workflow_execution_signaled_event_attributes()->set_signal_name(std::string(bytes, 'x'));
  return event;
}

std::string Framed(const HistoryEvent& event) {
  std::string framed;
  AppendFramed(event, framed);
  return framed;
}

TEST_CASE("framed events, one after the other, are a history") {
  std::string framed = Framed(Event(1, 300));
  AppendFramed(Event(2, 0), framed);
  History history;
  REQUIRE(history.ParseFromString(framed));
  CHECK(history.SerializeAsString() == framed);
  std::string_view rest = framed;
  for (const int64_t id : {1, 2}) {
    const auto event = ParseFrame(TakeFrame(rest));
    REQUIRE(event != nullptr);
    CHECK(event->event_id() == id);
  }
  CHECK(rest.empty());
}

TEST_CASE("a frame that is cut off, or is none, is not taken") {
  const std::string whole = Framed(Event(1, 300));
  for (size_t size = 0; size < whole.size(); ++size) {
    std::string_view cut = std::string_view(whole).substr(0, size);
    CHECK(ParseFrame(cut) == nullptr);
    CHECK(TakeFrame(cut).empty());
    CHECK(cut.size() == size);
  }
  std::string_view rest = whole;
  CHECK(TakeFrame(rest) == whole);
  CHECK(rest.empty());
  std::string_view endless = "\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
  CHECK(TakeFrame(endless).empty());
  std::string_view other = "\x12\x01x";
  CHECK(TakeFrame(other).empty());
}

TEST_CASE("a frame is parsed when it is one event and no more") {
  const std::string whole = Framed(Event(1, 10));
  CHECK(ParseFrame(whole) != nullptr);
  CHECK(ParseFrame(whole + whole) == nullptr);
  CHECK(ParseFrame("\x0A\x02\xFF\xFF") == nullptr);
}

}  // namespace
}  // namespace perdure::engine
