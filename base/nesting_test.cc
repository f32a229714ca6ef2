#include "base/nesting.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/unknown_field_set.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using temporal::api::failure::v1::Failure;
using temporal::api::workflowservice::v1::RespondActivityTaskFailedRequest;

RequestForm Parse(const std::string& bytes, google::protobuf::Message& request) {
  const auto source = [&](absl::FunctionRef<bool(google::protobuf::io::ZeroCopyInputStream&)> read) {
    google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
    return read(stream);
  };
  return ParseRequest(source, request);
}

// Failures numbered from 1, each caused by the next.
RespondActivityTaskFailedRequest Caused(int failures) {
  RespondActivityTaskFailedRequest request;
  Failure* failure = request.mutable_failure();
  for (int i = 1; i <= failures; ++i) {
    if (i > 1) failure = failure->mutable_cause();
    failure->set_message(absl::StrCat("failure ", i));
    auto* detail = failure->mutable_application_failure_info()->mutable_details()->add_payloads();
    (*detail->mutable_metadata())["encoding"] = "json/plain";
  }
  return request;
}

int Length(const Failure* failure) {
  int length = 1;
  for (; failure->has_cause(); failure = &failure->cause()) ++length;
  return length;
}

const Failure& Last(const Failure& head) {
  const Failure* last = &head;
  while (last->has_cause()) last = &last->cause();
  return *last;
}

TEST_CASE("a chain of causes is kept as long as all clients can read it, and cut there") {
  for (const int failures : {1, limits::kChain, limits::kChain + 1, 100, 300}) {
    CAPTURE(failures);
    const RespondActivityTaskFailedRequest sent = Caused(failures);
    RespondActivityTaskFailedRequest taken;
    REQUIRE(Parse(sent.SerializeAsString(), taken) == RequestForm::kFine);
    if (failures <= limits::kChain) {
      CHECK(taken.SerializeAsString().size() == sent.SerializeAsString().size());
      CHECK(Last(taken.failure()).message() == absl::StrCat("failure ", failures));
      continue;
    }
    // What is within the limit as it stands is not touched.
    if (Length(&taken.failure()) == failures) {
      CHECK(failures <= limits::kRequestNesting);
      continue;
    }
    CHECK(Length(&taken.failure()) == limits::kChain);
    CHECK(Last(taken.failure()).message() == absl::StrCat("failure ", limits::kChain, " (",
                                                          failures - limits::kChain,
                                                          " more causes were cut)"));
  }
}

TEST_CASE("bytes that are no message, or are nested beyond all measure, are not parsed") {
  RespondActivityTaskFailedRequest request;
  CHECK(Parse("\x0a\xff", request) == RequestForm::kUnparsable);
  CHECK(Parse(Caused(2 * limits::kReadNesting).SerializeAsString(), request) == RequestForm::kUnparsable);
}

// An unknown group of so many levels, at the root of a message.
std::string Groups(int levels) {
  google::protobuf::UnknownFieldSet root;
  google::protobuf::UnknownFieldSet* fields = &root;
  for (int i = 0; i < levels; ++i) fields = fields->AddGroup(1000);
  std::string bytes;
  REQUIRE(root.SerializeToString(&bytes));
  return bytes;
}

TEST_CASE("other fields that nest are refused") {
  RespondActivityTaskFailedRequest request;
  CHECK(Parse(Groups(limits::kRequestNesting), request) == RequestForm::kFine);
  CHECK(Parse(Groups(limits::kRequestNesting + 1), request) == RequestForm::kTooDeep);
  // Also beside a chain that was cut, and inside of it.
  CHECK(Parse(Caused(200).SerializeAsString() + Groups(200), request) == RequestForm::kTooDeep);
  std::string inside = Caused(200).SerializeAsString();
  RespondActivityTaskFailedRequest outer;
  REQUIRE(outer.mutable_failure()->ParseFromString(Groups(90)));
  CHECK(Parse(inside + outer.SerializeAsString(), request) == RequestForm::kTooDeep);
}

TEST_CASE("stored bytes are read far deeper than what is accepted") {
  const std::string deep = Caused(limits::kReadNesting - 10).SerializeAsString();
  RespondActivityTaskFailedRequest read;
  CHECK(ParseStored(deep, read));
  CHECK(Length(&read.failure()) == limits::kReadNesting - 10);
  CHECK_FALSE(ParseStored(Caused(limits::kReadNesting + 1).SerializeAsString(), read));
  CHECK_FALSE(ParseStored("\x0a\xff", read));
}

// The deepest level at which a failure stands in a message of this type; the failure's own causes aside.
int DeepestFailure(const Descriptor* type, int level, std::vector<const Descriptor*>& above) {
  if (type == Failure::descriptor()) return level;
  if (std::find(above.begin(), above.end(), type) != above.end()) return -1;
  above.push_back(type);
  int deepest = -1;
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    deepest = std::max(deepest, DeepestFailure(type->field(i)->message_type(), level + 1, above));
  }
  above.pop_back();
  return deepest;
}

int DeepestFailure(const Descriptor* type) {
  std::vector<const Descriptor*> above;
  return DeepestFailure(type, 0, above);
}

TEST_CASE("whatever is accepted can be parsed by a client in the deepest answer of the API") {
  constexpr int kClientsLimit = 100;
  constexpr int kInfoOfAFailure = 5;  // its details' payloads, their metadata
  constexpr int kServersOwn = 2;      // failures that the server puts around one
  const auto* messages = RespondActivityTaskFailedRequest::descriptor()->file();
  int requests = 0;
  int answers = 0;
  for (int i = 0; i < messages->message_type_count(); ++i) {
    const Descriptor* type = messages->message_type(i);
    const int level = DeepestFailure(type);
    CAPTURE(type->full_name(), level);
    if (level < 0) continue;
    if (std::string_view(type->name()).ends_with("Request")) {
      ++requests;
      // A chain that was cut is not too deep afterwards.
      CHECK(level + limits::kChain + kInfoOfAFailure <= limits::kRequestNesting);
    } else {
      ++answers;
      // The least that a failure lies deep in a request is 1.
      CHECK(level + kServersOwn + limits::kRequestNesting - 1 <= kClientsLimit);
    }
  }
  CHECK(requests > 3);
  CHECK(answers > 3);
}

}  // namespace
}  // namespace perdure
