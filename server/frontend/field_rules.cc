#include "server/frontend/field_rules.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/failure/v1/message.pb.h"
#include "temporal/api/worker/v1/message.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::server {
namespace {

using MessageType = google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
namespace api = temporal::api::workflowservice::v1;
namespace common = temporal::api::common::v1;

constexpr int kMaxNanos = 999'999'999;
// 0001-01-01 and 9999-12-31, as a Timestamp may say.
constexpr int64_t kFirstSecond = -62'135'596'800;
constexpr int64_t kLastSecond = 253'402'300'799;

struct NamedLimit {
  std::string_view field;
  size_t bytes;
};
// By the field's own name, in whatever message it stands.
constexpr auto kLimits = std::to_array<NamedLimit>({
    {"binary_checksum", limits::kBuildIdSize},
    {"reason", limits::kReasonSize},
    // The parser of filters has a limit of its own, and words for it.
    {"query", SIZE_MAX},
});

// The fields of namespaces have limits where namespaces are made and changed.
bool IsOfNamespaces(const MessageType* request) {
  return request == api::RegisterNamespaceRequest::descriptor() ||
         request == api::UpdateNamespaceRequest::descriptor();
}

size_t MaxBytes(const MessageType* type) {
  if (type == common::RetryPolicy::descriptor()) return limits::kRetryPolicySize;
  if (type == common::Header::descriptor()) return limits::kBlobSize;
  return SIZE_MAX;
}

// "BinaryChecksum" for binary_checksum.
std::string NameOf(const FieldDescriptor* field) {
  return CamelCase(absl::AsciiStrToUpper(field->name()), "");
}

bool IsTime(const MessageType* type) {
  return type == google::protobuf::Duration::descriptor() ||
         type == google::protobuf::Timestamp::descriptor();
}

absl::Status CheckDuration(const Message& message) {
  const auto& duration = static_cast<const google::protobuf::Duration&>(message);
  if (duration.nanos() >= -kMaxNanos && duration.nanos() <= kMaxNanos) return absl::OkStatus();
  return InvalidArgument(fmt::format("duration has nanos out of range: {}", duration.nanos()));
}

absl::Status CheckTime(const Message& message) {
  const auto& time = static_cast<const google::protobuf::Timestamp&>(message);
  if (time.nanos() < 0 || time.nanos() > kMaxNanos) {
    return InvalidArgument(fmt::format("timestamp has nanos out of range: {}", time.nanos()));
  }
  if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond) {
    return InvalidArgument(fmt::format("timestamp has seconds out of range: {}", time.seconds()));
  }
  return absl::OkStatus();
}

absl::Status CheckText(const Message& message, const Reflection& reflection, const FieldDescriptor* field,
                       size_t limit) {
  std::string scratch;
  const auto fits = [&](const std::string& text) { return text.size() <= limit; };
  bool fine = true;
  if (field->is_repeated()) {
    for (int i = 0; i < reflection.FieldSize(message, field) && fine; ++i) {
      fine = fits(reflection.GetRepeatedStringReference(message, field, i, &scratch));
    }
  } else {
    fine = fits(reflection.GetStringReference(message, field, &scratch));
  }
  if (fine) return absl::OkStatus();
  return InvalidArgument(fmt::format("{} length exceeds limit.", NameOf(field)));
}

}  // namespace

size_t FieldRules::LimitOf(const FieldDescriptor* field) {
  for (const NamedLimit& limit : kLimits) {
    if (field->name() == limit.field) return limit.bytes;
  }
  return limits::kStringSize;
}

bool FieldRules::IsBoundedWhole(const MessageType* type) {
  return type == temporal::api::failure::v1::Failure::descriptor() || type == common::Payload::descriptor() ||
         type == common::Payloads::descriptor() ||
         type == temporal::api::worker::v1::WorkerHeartbeat::descriptor();
}

FieldRules::FieldRules(const MessageType* request) {
  whole_ = Add(request, !IsOfNamespaces(request));
  small_ = Add(request, false);
}

const FieldRules::OfType* FieldRules::Add(const MessageType* type, bool texts_count) {
  texts_count = texts_count && !IsBoundedWhole(type);
  const auto [place, added] = types_.try_emplace(Key{type, texts_count}, std::make_unique<OfType>());
  OfType& rules = *place->second;  // stays where it is while others are added
  if (!added) return &rules;
  rules.type = type;
  const Message* example = google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
  PERDURE_CHECK(example != nullptr, "a request is made of generated types");
  rules.reflection = example->GetReflection();
  if (IsTime(type)) return &rules;
  rules.max_bytes = MaxBytes(type);
  least_limit_ = std::min(least_limit_, rules.max_bytes);
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->type() == FieldDescriptor::TYPE_STRING && texts_count && LimitOf(field) != SIZE_MAX) {
      rules.texts.push_back({field, LimitOf(field)});
      least_limit_ = std::min(least_limit_, LimitOf(field));
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const OfType* inner = Add(field->message_type(), texts_count);
    if (inner->needs_look) rules.inner.push_back({field, inner});
  }
  rules.needs_look = !rules.texts.empty() || !rules.inner.empty() || rules.max_bytes != SIZE_MAX;
  return &rules;
}

absl::Status FieldRules::Check(const Message& request) const {
  // Most requests are small, and their size is counted at a fraction of what a look at each text costs.
  return CheckMessage(request, request.ByteSizeLong() <= least_limit_ ? *small_ : *whole_);
}

absl::Status FieldRules::CheckMessage(const Message& message, const OfType& rules) const {
  if (rules.type == google::protobuf::Duration::descriptor()) return CheckDuration(message);
  if (rules.type == google::protobuf::Timestamp::descriptor()) return CheckTime(message);
  if (rules.max_bytes != SIZE_MAX && message.ByteSizeLong() > rules.max_bytes) {
    return InvalidArgument(fmt::format("{} exceeds size limit.", rules.type->name()));
  }
  const Reflection& reflection = *rules.reflection;
  for (const Text& text : rules.texts) {
    absl::Status fine = CheckText(message, reflection, text.field, text.limit);
    if (!fine.ok()) return fine;
  }
  for (const Inner& inner : rules.inner) {
    if (!inner.field->is_repeated()) {
      if (!reflection.HasField(message, inner.field)) continue;
      absl::Status fine = CheckMessage(reflection.GetMessage(message, inner.field), *inner.rules);
      if (!fine.ok()) return fine;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, inner.field); ++i) {
      absl::Status fine = CheckMessage(reflection.GetRepeatedMessage(message, inner.field, i), *inner.rules);
      if (!fine.ok()) return fine;
    }
  }
  return absl::OkStatus();
}

}  // namespace perdure::server
