#include "server/frontend/close_event.h"

#include <catch2/catch.hpp>

#include "temporal/api/history/v1/message.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::History;
using temporal::api::history::v1::HistoryEvent;

HistoryEvent Shown(const HistoryEvent& event) {
  History history;
  *history.add_events() = event;
  History shown;
  REQUIRE(shown.ParseFromString(AsContinuedAsNew(history.SerializeAsString())));
  REQUIRE(shown.events_size() == 1);
  return shown.events(0);
}

TEST_CASE("Who follows next runs says so") {
  CHECK(FollowsNextRun("follows-next-run-id"));
  CHECK(FollowsNextRun("other,follows-next-run-id"));
  CHECK_FALSE(FollowsNextRun(""));
  CHECK_FALSE(FollowsNextRun("follows-next-run-id-2,"));
}

TEST_CASE("A close event that names a next run is shown as continue-as-new") {
  HistoryEvent failed;
  failed.set_event_id(7);
  failed.set_event_type(enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED);
  auto& attributes = *failed.mutable_workflow_execution_failed_event_attributes();
  attributes.mutable_failure()->set_message("broken");
  attributes.set_new_execution_run_id("next");
  const HistoryEvent shown = Shown(failed);
  CHECK(shown.event_id() == 7);
  CHECK(shown.event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW);
  const auto& continued = shown.workflow_execution_continued_as_new_event_attributes();
  CHECK(continued.new_execution_run_id() == "next");
  CHECK(continued.failure().message() == "broken");

  HistoryEvent timed_out;
  timed_out.set_event_type(enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT);
  timed_out.mutable_workflow_execution_timed_out_event_attributes()->set_new_execution_run_id("next");
  CHECK(Shown(timed_out)
            .workflow_execution_continued_as_new_event_attributes()
            .failure()
            .has_timeout_failure_info());
}

TEST_CASE("A close event without a next run is shown as it is") {
  HistoryEvent completed;
  completed.set_event_type(enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED);
  completed.mutable_workflow_execution_completed_event_attributes()
      ->mutable_result()
      ->add_payloads()
      ->set_data("out");
  CHECK(Shown(completed).SerializeAsString() == completed.SerializeAsString());
}

}  // namespace
}  // namespace perdure::server
