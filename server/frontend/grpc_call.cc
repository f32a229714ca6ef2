#include "server/frontend/grpc_call.h"

#include <grpcpp/support/slice.h>

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "server/frontend/call_errors.h"

namespace perdure::server {
namespace {

// Hands a piece over to gRPC without copying it, unless copying is cheaper.
grpc::Slice ToSlice(std::string piece) {
  constexpr size_t kCopied = 1024;
  if (piece.size() <= kCopied) return grpc::Slice(piece);
  auto* owned = new std::string(std::move(piece));
  return grpc::Slice(
      owned->data(), owned->size(), [](void* user_data) { delete static_cast<std::string*>(user_data); },
      owned);
}

void AddExhaustedHeaders(const absl::Status& status, grpc::CallbackServerContext& context) {
  if (!status.GetPayload("type.googleapis.com/temporal.api.errordetails.v1.ResourceExhaustedFailure")) return;
  const Exhausted exhausted = ExhaustedOf(status);
  context.AddInitialMetadata("x-resource-exhausted-cause", exhausted.cause);
  context.AddInitialMetadata("x-resource-exhausted-scope", exhausted.scope);
}

}  // namespace

GrpcCall::GrpcCall(const Method& method, CallObserver& observer, const Executor& clock,
                   grpc::CallbackServerContext* context, grpc::ByteBuffer* response)
    : Call(method, observer, clock.Monotonic()), clock_(clock), context_(context), response_(response) {}

std::optional<absl::Duration> GrpcCall::TimeLeft() const {
  const absl::Duration left = absl::FromChrono(context_->deadline()) - clock_.Now();
  // gRPC's "none" is the end of its clock.
  constexpr absl::Duration kNone = absl::Hours(24 * 365 * 50);
  if (left > kNone) return std::nullopt;
  return left;
}

std::string_view GrpcCall::Header(std::string_view name) const {
  const auto& headers = context_->client_metadata();
  const auto found = headers.find(grpc::string_ref(name.data(), name.size()));
  if (found == headers.end()) return {};
  return {found->second.data(), found->second.size()};
}

void GrpcCall::Send(absl::StatusOr<ReplyBytes> answer) {
  if (!answer.ok()) {
    const absl::Status& status = answer.status();
    if (status.code() == absl::StatusCode::kResourceExhausted) AddExhaustedHeaders(status, *context_);
    // gRPC sends the details as the trailer grpc-status-details-bin.
    Finish(grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                        StatusDetailsTrailer(status)));
    return;
  }
  std::vector<grpc::Slice> slices;
  for (std::string& piece : std::move(*answer).TakePieces()) slices.push_back(ToSlice(std::move(piece)));
  *response_ = grpc::ByteBuffer(slices.data(), slices.size());
  Finish(grpc::Status::OK);
}

void GrpcCall::Unref() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace perdure::server
