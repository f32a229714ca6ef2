#include "server/wire/side_services.h"

#include <array>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"
#include "grpc/health/v1/health.pb.h"
#include "server/frontend/method_table.h"

namespace perdure::server {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::internal::WireFormatLite;
using Health = ::grpc::health::v1::HealthCheckResponse;

constexpr std::array<std::string_view, 3> kHealth = {"", "temporal.api.workflowservice.v1.WorkflowService",
                                                     "temporal.api.operatorservice.v1.OperatorService"};
constexpr std::array<const char*, 2> kBeside = {"grpc.health.v1.Health",
                                                "grpc.reflection.v1alpha.ServerReflection"};

bool KnowsHealthOf(std::string_view service) {
  for (const std::string_view known : kHealth) {
    if (known == service) return true;
  }
  return false;
}

std::string HealthMessage(Health::ServingStatus status) {
  Health response;
  response.set_status(status);
  return response.SerializeAsString();
}

Health::ServingStatus Serving(bool healthy) { return healthy ? Health::SERVING : Health::NOT_SERVING; }

// The fields of reflection's messages, which are not generated: gRPC's own library registers them in the same
// pool.
constexpr int kHost = 1, kByFilename = 3, kBySymbol = 4, kByExtension = 5, kExtensionNumbers = 6,
              kListServices = 7;
constexpr int kOriginalRequest = 2, kDescriptors = 4, kExtensions = 5, kServices = 6, kError = 7;
constexpr int kNotFound = 5;

void AppendBytes(std::string& out, int field, std::string_view value) {
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  WireFormatLite::WriteString(field, std::string(value), &coded);
}

void AppendInt(std::string& out, int field, int value) {
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  WireFormatLite::WriteInt32(field, value, &coded);
}

// Of the fields that are texts or messages, the last one besides the host; 0: there is none.
struct Question {
  int field = 0;
  std::string value;
  std::string host;
};

std::optional<Question> ReadQuestion(std::string_view bytes) {
  Question question;
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  for (uint32_t tag = input.ReadTag(); tag != 0; tag = input.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&input, tag)) return std::nullopt;
      continue;
    }
    std::string value;
    if (!WireFormatLite::ReadBytes(&input, &value)) return std::nullopt;
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    if (field == kHost) {
      question.host = std::move(value);
    } else {
      question.field = field;
      question.value = std::move(value);
    }
  }
  if (!input.ConsumedEntireMessage()) return std::nullopt;
  return question;
}

// The file and all that it needs, each once.
void AppendFiles(const FileDescriptor& file, absl::flat_hash_set<const FileDescriptor*>& seen,
                 std::string& out) {
  if (!seen.insert(&file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  AppendBytes(out, 1, proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) AppendFiles(*file.dependency(i), seen, out);
}

std::string ServiceList() {
  std::string list;
  const auto add = [&list](const std::string& name) {
    std::string one;
    AppendBytes(one, 1, name);
    AppendBytes(list, 1, one);
  };
  for (const char* const name : kBeside) add(name);
  for (const ApiService service : {ApiService::kWorkflow, ApiService::kOperator})
    add(Descriptor(service).full_name());
  return list;
}

const FileDescriptor* FileOf(const Question& question) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  if (question.field == kByFilename) return pool.FindFileByName(question.value);
  if (question.field == kBySymbol) return pool.FindFileContainingSymbol(question.value);
  return nullptr;
}

}  // namespace

std::optional<SideMethod> FindSideMethod(std::string_view path) {
  if (path == "/grpc.health.v1.Health/Check") return SideMethod::kHealthCheck;
  if (path == "/grpc.health.v1.Health/Watch") return SideMethod::kHealthWatch;
  if (path == "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo" ||
      path == "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo") {
    return SideMethod::kReflection;
  }
  return std::nullopt;
}

absl::StatusOr<std::string> HealthServiceOf(std::string_view request) {
  ::grpc::health::v1::HealthCheckRequest message;
  if (!message.ParseFromArray(request.data(), static_cast<int>(request.size()))) {
    return absl::InvalidArgumentError("could not parse request");
  }
  return message.service();
}

absl::StatusOr<std::string> CheckHealth(std::string_view service, bool healthy) {
  if (!KnowsHealthOf(service)) return absl::NotFoundError("service name unknown");
  return HealthMessage(Serving(healthy));
}

std::string WatchedHealth(std::string_view service, bool healthy) {
  return HealthMessage(KnowsHealthOf(service) ? Serving(healthy) : Health::SERVICE_UNKNOWN);
}

absl::StatusOr<std::string> Reflect(std::string_view request) {
  const auto question = ReadQuestion(request);
  if (!question) return absl::InvalidArgumentError("could not parse request");
  std::string answer;
  AppendBytes(answer, kHost, question->host);
  AppendBytes(answer, kOriginalRequest, request);
  if (question->field == kListServices) {
    AppendBytes(answer, kServices, ServiceList());
    return answer;
  }
  if (const FileDescriptor* const file = FileOf(*question); file != nullptr) {
    std::string files;
    absl::flat_hash_set<const FileDescriptor*> seen;
    AppendFiles(*file, seen, files);
    AppendBytes(answer, kDescriptors, files);
    return answer;
  }
  // proto3 has no extensions, and the API none.
  const auto* const message = question->field == kExtensionNumbers
                                  ? DescriptorPool::generated_pool()->FindMessageTypeByName(question->value)
                                  : nullptr;
  std::string rest;
  if (message != nullptr) {
    AppendBytes(rest, 1, question->value);
    AppendBytes(answer, kExtensions, rest);
    return answer;
  }
  AppendInt(rest, 1, kNotFound);
  AppendBytes(rest, 2, question->field == kByExtension ? "extension not found" : "not found");
  AppendBytes(answer, kError, rest);
  return answer;
}

}  // namespace perdure::server
