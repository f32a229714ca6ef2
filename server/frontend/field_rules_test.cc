#include "server/frontend/field_rules.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/str_join.h"
#include "base/limits.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/method_table.h"
#include "server/frontend/testing/fake_call.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::server::testing {
namespace {

using MessageType = google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Path = std::vector<const FieldDescriptor*>;

std::string Text(const Path& path) {
  return absl::StrJoin(path, ".",
                       [](std::string* out, const FieldDescriptor* field) { out->append(field->name()); });
}

// Every path from `type` to a field that `wanted` takes; a type within itself is not entered again.
void Paths(const MessageType* type, bool (*wanted)(const FieldDescriptor*), Path& path,
           std::vector<const MessageType*>& above, std::vector<Path>& found) {
  if (std::find(above.begin(), above.end(), type) != above.end()) return;
  above.push_back(type);
  for (int i = 0; i < type->field_count(); ++i) {
    path.push_back(type->field(i));
    if (wanted(type->field(i))) found.push_back(path);
    if (type->field(i)->message_type() != nullptr)
      Paths(type->field(i)->message_type(), wanted, path, above, found);
    path.pop_back();
  }
  above.pop_back();
}

std::vector<Path> PathsOf(const MessageType* type, bool (*wanted)(const FieldDescriptor*)) {
  Path path;
  std::vector<const MessageType*> above;
  std::vector<Path> found;
  Paths(type, wanted, path, above, found);
  return found;
}

// The message at the end of the path, with all between made.
Message& Make(Message& root, const Path& path, size_t length) {
  Message* message = &root;
  for (size_t i = 0; i < length; ++i) {
    const Reflection& reflection = *message->GetReflection();
    message = path[i]->is_repeated() ? reflection.AddMessage(message, path[i])
                                     : reflection.MutableMessage(message, path[i]);
  }
  return *message;
}

std::unique_ptr<Message> NewRequest(const Method& method) {
  return std::unique_ptr<Message>(google::protobuf::MessageFactory::generated_factory()
                                      ->GetPrototype(method.descriptor->input_type())
                                      ->New());
}

// What the method answers to a request in which the path leads to `set`'s change, and nothing else is.
template <typename Set>
std::string Answer(FakeNode& node, const Method& method, const Path& path, size_t length, Set set) {
  const auto request = NewRequest(method);
  set(Make(*request, path, length));
  const auto outcome = StartCall(node, method.spec.name, request->SerializeAsString());
  if (!outcome->answer) return "not answered";
  return outcome->answer->ok() ? "OK" : std::string(outcome->answer->status().message());
}

void SetText(Message& message, const FieldDescriptor* field, size_t size) {
  const std::string text(size, 'x');
  if (field->is_repeated()) {
    message.GetReflection()->AddString(&message, field, text);
  } else {
    message.GetReflection()->SetString(&message, field, text);
  }
}

bool IsText(const FieldDescriptor* field) { return field->type() == FieldDescriptor::TYPE_STRING; }

bool IsTime(const FieldDescriptor* field) {
  return field->message_type() == google::protobuf::Duration::descriptor() ||
         field->message_type() == google::protobuf::Timestamp::descriptor();
}

bool IsWithinWhole(const Path& path) {
  return std::any_of(path.begin(), path.end(), [](const FieldDescriptor* field) {
    return field->message_type() != nullptr && FieldRules::IsBoundedWhole(field->message_type());
  });
}

TEST_CASE("every text of every request has a limit") {
  FakeNode node;
  size_t limited = 0;
  for (const Method& method : node.methods.methods()) {
    const bool of_namespaces =
        method.spec.name == "RegisterNamespace" || method.spec.name == "UpdateNamespace";
    if (method.spec.handler == nullptr || of_namespaces) continue;
    for (const Path& path : PathsOf(method.descriptor->input_type(), IsText)) {
      const FieldDescriptor* field = path.back();
      if (IsWithinWhole(path)) continue;
      CAPTURE(method.spec.name, Text(path));
      // A filter's limit is its parser's: filters are tried there.
      const size_t limit = FieldRules::LimitOf(field);
      if (limit == SIZE_MAX) {
        CHECK(field->name() == "query");
        continue;
      }
      CHECK(limit <= limits::kReasonSize);
      ++limited;
      const std::string refusal = Answer(node, method, path, path.size() - 1,
                                         [&](Message& message) { SetText(message, field, limit + 1); });
      CHECK(refusal.size() < 200);
      // A retry policy has a limit as a whole, which one text cannot reach.
      CHECK(refusal.find("length exceeds limit.") != std::string::npos);
      CHECK(refusal.find("xxxx") == std::string::npos);
    }
  }
  CHECK(limited > 300);
}

TEST_CASE("messages of many texts are limited as wholes") {
  FakeNode node;
  api::StartWorkflowExecutionRequest request;
  request.set_namespace_("default");
  for (int i = 0; i < 10; ++i) {
    request.mutable_retry_policy()->add_non_retryable_error_types(std::string(limits::kStringSize, 'x'));
  }
  CHECK(ErrorOf(node, "StartWorkflowExecution", request) == "RetryPolicy exceeds size limit.");
  request.clear_retry_policy();
  (*request.mutable_header()->mutable_fields())["key"].set_data(std::string(limits::kBlobSize, 'x'));
  CHECK(ErrorOf(node, "StartWorkflowExecution", request) == "Header exceeds size limit.");
}

TEST_CASE("no duration and no time of any request may have nanoseconds that are none") {
  FakeNode node;
  size_t tried = 0;
  for (const Method& method : node.methods.methods()) {
    if (method.spec.handler == nullptr) continue;
    for (const Path& path : PathsOf(method.descriptor->input_type(), IsTime)) {
      CAPTURE(method.spec.name, Text(path));
      ++tried;
      const std::string refusal = Answer(node, method, path, path.size(), [](Message& time) {
        time.GetReflection()->SetInt32(&time, time.GetDescriptor()->FindFieldByName("nanos"), 2'000'000'000);
      });
      CHECK(refusal.find("nanos out of range: 2000000000") != std::string::npos);
    }
  }
  CHECK(tried > 50);
}

TEST_CASE("a time outside of the calendar is refused") {
  const FieldRules rules(api::RecordWorkerHeartbeatRequest::descriptor());
  api::RecordWorkerHeartbeatRequest request;
  auto* time = request.add_worker_heartbeat()->mutable_start_time();
  CHECK(rules.Check(request).ok());
  time->set_seconds(253'402'300'800);
  CHECK(rules.Check(request).message() == "timestamp has seconds out of range: 253402300800");
  time->set_seconds(-62'135'596'800);
  CHECK(rules.Check(request).ok());
  time->set_nanos(-1);
  CHECK_FALSE(rules.Check(request).ok());
}

TEST_CASE("what a failure holds is not limited text by text") {
  const FieldRules rules(api::RespondActivityTaskFailedRequest::descriptor());
  api::RespondActivityTaskFailedRequest request;
  request.mutable_failure()->set_stack_trace(std::string(1'000'000, 'x'));
  request.mutable_failure()->mutable_activity_failure_info()->mutable_activity_type()->set_name(
      std::string(1'000'000, 'x'));
  CHECK(rules.Check(request).ok());
}

}  // namespace
}  // namespace perdure::server::testing
