#include "server/history/event_frames.h"

#include <catch2/catch.hpp>

#include "engine/event_frames.h"

namespace perdure::server {
namespace {

persistence::HistoryRow Row(int64_t first, int32_t count, size_t bytes = 10) {
  persistence::HistoryRow row;
  row.first_event_id = first;
  row.event_count = count;
  for (int32_t i = 0; i < count; ++i) {
    temporal::api::history::v1::HistoryEvent event;
    event.set_event_id(first + i);
    event.mutable_workflow_execution_signaled_event_attributes()->set_signal_name(std::string(bytes, 'x'));
    engine::AppendFramed(event, row.events);
  }
  return row;
}

TEST_CASE("missing rows and malformed bytes are DATA_LOSS") {
  EventPageBuilder page(1, 10, 100, 1000, false);
  REQUIRE(page.Add(Row(1, 3)).ok());
  CHECK(page.Add(Row(5, 3)).code() == absl::StatusCode::kDataLoss);
  EventPageBuilder back(1, 10, 100, 1000, true);
  CHECK(back.Add(Row(5, 3)).code() == absl::StatusCode::kDataLoss);
  EventPageBuilder bad(2, 10, 100, 1000, false);
  persistence::HistoryRow row = Row(1, 3);
  row.events.resize(row.events.size() / 2);
  CHECK(bad.Add(row).code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("a page ends at its count or its bytes, and says where the next begins") {
  EventPageBuilder page(2, 9, 4, 1 << 20, false);
  REQUIRE(page.Add(Row(1, 3)).ok());
  REQUIRE(page.Add(Row(4, 5)).ok());
  CHECK(page.Done());
  const EventsPage events = std::move(page).Finish();
  CHECK(events.count == 4);
  CHECK(events.next == 6);
}

}  // namespace
}  // namespace perdure::server
