// A call that came by gRPC. It deletes itself once both gRPC and the handler are done with it.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>

#include "base/executor.h"
#include "server/frontend/call.h"

namespace perdure::server {

class GrpcCall final : public Call, public grpc::ServerUnaryReactor {
 public:
  // `context` and `response` live until gRPC calls OnDone.
  GrpcCall(const Method& method, CallObserver& observer, const Executor& clock,
           grpc::CallbackServerContext* context, grpc::ByteBuffer* response);

  std::optional<absl::Duration> TimeLeft() const override;
  std::string_view Header(std::string_view name) const override;

 private:
  ~GrpcCall() override = default;

  void Send(absl::StatusOr<ReplyBytes> answer) override;
  void Ref() override { references_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() override;
  absl::Duration Monotonic() const override { return clock_.Monotonic(); }

  void OnCancel() override { Cancel(); }
  void OnDone() override { Unref(); }
  // OnDone is an Unref, and OnCancel only posts: neither is worth another thread.
  bool InternalInlineable() override { return true; }

  const Executor& clock_;
  grpc::CallbackServerContext* const context_;
  grpc::ByteBuffer* const response_;
  std::atomic<int> references_{2};  // the handler's and gRPC's
};

}  // namespace perdure::server
