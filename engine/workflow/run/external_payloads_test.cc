// Payloads that clients keep elsewhere are counted wherever an event can hold them.
#include "engine/workflow/run/external_payloads.h"

#include <catch2/catch.hpp>
#include <limits>

#include "absl/strings/ascii.h"
#include "engine/workflow/fold/event_table.h"
#include "engine/workflow/testing/test_run.h"
#include "google/protobuf/descriptor.h"

namespace perdure::engine::workflow::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using temporal::api::common::v1::Payload;

constexpr int kDepth = 12;  // of a message in an event: failures nest

// The event whose attributes have this name; nullopt when this release does not write it. What a run hands to
// the next one counts there.
std::optional<temporal::api::enums::v1::EventType> WrittenType(const std::string& attributes) {
  constexpr std::string_view kSuffix = "_event_attributes";
  const std::string name = attributes.substr(0, attributes.size() - kSuffix.size());
  temporal::api::enums::v1::EventType type{};
  if (!temporal::api::enums::v1::EventType_Parse("EVENT_TYPE_" + absl::AsciiStrToUpper(name), &type) ||
      FindEventRow(type) == nullptr ||
      type == temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW) {
    return std::nullopt;
  }
  return type;
}

// Puts `payload` into each place of the message that can hold one, and says how many there are. Of a oneof,
// `choice` says which field.
int64_t FillPlaces(Message& message, const Payload& payload, int choice, int depth = kDepth) {
  if (message.GetDescriptor()->full_name() == "temporal.api.common.v1.SearchAttributes" || depth == 0)
    return 0;
  if (message.GetDescriptor() == Payload::descriptor()) {
    message.CopyFrom(payload);
    return 1;
  }
  int64_t places = 0;
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const auto* oneof = field->real_containing_oneof();
    if (oneof != nullptr && field->index_in_oneof() != choice % oneof->field_count()) continue;
    Message& part = field->is_repeated() ? *reflection->AddMessage(&message, field)
                                         : *reflection->MutableMessage(&message, field);
    places += FillPlaces(part, payload, choice, depth - 1);
  }
  return places;
}

TEST_CASE("External payloads count in each place of each event that this release writes") {
  Payload payload;
  payload.add_external_payloads()->set_size_bytes(5);
  const auto* oneof = HistoryEvent::descriptor()->FindOneofByName("attributes");
  int counted_events = 0;
  for (int i = 0; i < oneof->field_count(); ++i) {
    const FieldDescriptor* attributes = oneof->field(i);
    const auto type = WrittenType(attributes->name());
    if (!type.has_value()) continue;
    for (int choice = 0; choice < 12; ++choice) {
      HistoryEvent event;
      event.set_event_type(*type);
      int64_t places =
          FillPlaces(*HistoryEvent::GetReflection()->MutableMessage(&event, attributes), payload, choice);
      places += FillPlaces(*event.mutable_user_metadata(), payload, choice);
      INFO(event.ShortDebugString());
      CHECK(ExternalPayloadsOf(event).count == places);
      CHECK(ExternalPayloadsOf(event).size_bytes == 5 * places);
    }
    ++counted_events;
  }
  CHECK(counted_events > 40);
}

TEST_CASE("A run's description says how much its history keeps elsewhere") {
  TestRun run;
  const auto external = [](Payload& payload, int64_t bytes) {
    payload.add_external_payloads()->set_size_bytes(bytes);
  };
  REQUIRE(run.Start([&](auto& request) { external(*request.mutable_input()->add_payloads(), 100); }).ok());
  run.PollWorkflowTask();
  REQUIRE(
      run.Signal("go", [&](auto& request) { external(*request.mutable_input()->add_payloads(), 10); }).ok());
  // The signal waits for the end of the workflow task.
  CHECK(Describe(run.state(), run.now()).workflow_execution_info().external_payload_count() == 1);
  REQUIRE(run.Complete().ok());
  const auto info = Describe(run.state(), run.now()).workflow_execution_info();
  CHECK(info.external_payload_count() == 2);
  CHECK(info.external_payload_size_bytes() == 110);
}

TEST_CASE("Sizes that no machine has do no harm") {
  HistoryEvent event;
  event.set_event_type(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED);
  auto& input = *event.mutable_workflow_execution_started_event_attributes()->mutable_input();
  for (int i = 0; i < 2; ++i) {
    input.add_payloads()->add_external_payloads()->set_size_bytes(std::numeric_limits<int64_t>::max());
  }
  CHECK(ExternalPayloadsOf(event).count == 2);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
