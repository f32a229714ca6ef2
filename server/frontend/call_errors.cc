#include "server/frontend/call_errors.h"

#include <string_view>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/text.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::errordetails::v1::ResourceExhaustedFailure;

constexpr char kOfCaller[] = "perdure/of-caller";

bool IsOfCaller(const absl::Status& status) { return status.GetPayload(kOfCaller).has_value(); }

ResourceExhaustedFailure ExhaustedDetail(const absl::Status& status) {
  ResourceExhaustedFailure detail;
  const auto payload =
      status.GetPayload("type.googleapis.com/" + ResourceExhaustedFailure::descriptor()->full_name());
  if (payload.has_value()) detail.ParseFromString(std::string(*payload));
  return detail;
}

std::string_view NameOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kCancelled:
      return "Canceled";
    case absl::StatusCode::kInvalidArgument:
      return "InvalidArgument";
    case absl::StatusCode::kDeadlineExceeded:
      return "DeadlineExceeded";
    case absl::StatusCode::kNotFound:
      return "NotFound";
    case absl::StatusCode::kAlreadyExists:
      return "AlreadyExists";
    case absl::StatusCode::kPermissionDenied:
      return "PermissionDenied";
    case absl::StatusCode::kResourceExhausted:
      return "ResourceExhausted";
    case absl::StatusCode::kFailedPrecondition:
      return "FailedPrecondition";
    case absl::StatusCode::kAborted:
      return "Aborted";
    case absl::StatusCode::kOutOfRange:
      return "OutOfRange";
    case absl::StatusCode::kUnimplemented:
      return "Unimplemented";
    case absl::StatusCode::kInternal:
      return "Internal";
    case absl::StatusCode::kUnavailable:
      return "Unavailable";
    case absl::StatusCode::kDataLoss:
      return "DataLoss";
    case absl::StatusCode::kUnauthenticated:
      return "Unauthenticated";
    default:  // kOk, kUnknown, and what else absl may come to have
      break;
  }
  return "Unknown";
}

}  // namespace

absl::Status OfCaller(absl::Status status) {
  status.SetPayload(kOfCaller, absl::Cord());
  return status;
}

void EraseMark(absl::Status& status) { status.ErasePayload(kOfCaller); }

bool IsServersFailure(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnauthenticated:
      return false;
    case absl::StatusCode::kResourceExhausted:
      return !IsOfCaller(status) &&
             ExhaustedDetail(status).scope() != enums::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE;
    default:
      return !IsOfCaller(status);
  }
}

bool IsServersFault(const absl::Status& status) {
  const bool fault = absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsDataLoss(status);
  return fault && !IsOfCaller(status);
}

std::string ErrorType(const absl::Status& status) {
  std::string name(NameOf(status.code()));
  status.ForEachPayload([&name](absl::string_view type, const absl::Cord&) {
    constexpr std::string_view kDetails = "type.googleapis.com/temporal.api.errordetails.v1.";
    if (!absl::ConsumePrefix(&type, AbslView(kDetails))) return;
    if (!absl::ConsumeSuffix(&type, "Failure")) return;
    name = std::string(type);
  });
  return "serviceerror_" + name;
}

Exhausted ExhaustedOf(const absl::Status& status) {
  const ResourceExhaustedFailure detail = ExhaustedDetail(status);
  return {
      .cause = CamelCase(enums::ResourceExhaustedCause_Name(detail.cause()), "RESOURCE_EXHAUSTED_CAUSE_"),
      .scope = CamelCase(enums::ResourceExhaustedScope_Name(detail.scope()), "RESOURCE_EXHAUSTED_SCOPE_")};
}

}  // namespace perdure::server
