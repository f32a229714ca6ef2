#include "base/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/text.h"
#include "google/rpc/status.pb.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure {
namespace {

namespace details = temporal::api::errordetails::v1;

constexpr absl::string_view kTypeUrlPrefix = "type.googleapis.com/";

// Debian's Abseil has a string_view of its own.
absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::Status WithDetail(absl::Status status, const google::protobuf::Message& detail) {
  status.SetPayload(absl::StrCat(kTypeUrlPrefix, detail.GetDescriptor()->full_name()),
                    absl::Cord(detail.SerializeAsString()));
  return status;
}

std::string StatusDetailsTrailer(const absl::Status& status) {
  google::rpc::Status message;
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    if (!absl::StartsWith(type_url, kTypeUrlPrefix)) return;
    auto* detail = message.add_details();
    detail->set_type_url(std::string(type_url));
    detail->set_value(std::string(payload));
  });
  if (message.details().empty()) return {};
  message.set_code(static_cast<int>(status.code()));
  message.set_message(std::string(status.message()));
  return message.SerializeAsString();
}

absl::Status InvalidArgument(std::string_view message) { return absl::InvalidArgumentError(View(message)); }

absl::Status NotFound(std::string_view message) {
  return WithDetail(absl::NotFoundError(View(message)), details::NotFoundFailure());
}

absl::Status NamespaceNotFound(std::string_view name) {
  details::NamespaceNotFoundFailure detail;
  detail.set_namespace_(Shown(name));
  return WithDetail(absl::NotFoundError(absl::StrCat("Namespace ", Shown(name), " is not found.")), detail);
}

absl::Status NamespaceAlreadyExists(std::string_view message) {
  return WithDetail(absl::AlreadyExistsError(View(message)), details::NamespaceAlreadyExistsFailure());
}

absl::Status WorkflowExecutionAlreadyStarted(std::string_view message, std::string_view start_request_id,
                                             std::string_view run_id,
                                             std::string_view first_execution_run_id) {
  details::WorkflowExecutionAlreadyStartedFailure detail;
  detail.set_start_request_id(std::string(start_request_id));
  detail.set_run_id(std::string(run_id));
  detail.set_first_execution_run_id(std::string(first_execution_run_id));
  return WithDetail(absl::AlreadyExistsError(View(message)), detail);
}

absl::Status WorkflowNotReady(std::string_view message) {
  return WithDetail(absl::FailedPreconditionError(View(message)), details::WorkflowNotReadyFailure());
}

absl::Status QueryFailed(std::string_view message, const temporal::api::failure::v1::Failure* failure) {
  details::QueryFailedFailure detail;
  if (failure != nullptr) *detail.mutable_failure() = *failure;
  return WithDetail(absl::InvalidArgumentError(View(message)), detail);
}

absl::Status Unavailable(std::string_view message) { return absl::UnavailableError(View(message)); }

absl::Status ResourceExhausted(std::string_view message, int cause, int scope) {
  details::ResourceExhaustedFailure detail;
  detail.set_cause(static_cast<temporal::api::enums::v1::ResourceExhaustedCause>(cause));
  detail.set_scope(static_cast<temporal::api::enums::v1::ResourceExhaustedScope>(scope));
  return WithDetail(absl::ResourceExhaustedError(View(message)), detail);
}

}  // namespace perdure
