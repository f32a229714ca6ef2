// Raw unary calls to one Temporal-compatible server, for the load generators: no SDK, no retries of its own,
// and one thread for all of it, so that the generator takes little of the machine that it measures. Thread
// safety: any thread. Callbacks run on the client's thread, one at a time. Errors are those of a Channel.
// Ownership: the destructor lets the running callback finish and drops the calls that are open, unheard; not
// on the client's own thread.
#pragma once

#include <google/protobuf/message_lite.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/event_loop.h"
#include "bench/load/channel.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::bench {

namespace api = temporal::api::workflowservice::v1;

struct Target {
  std::string address;  // a.b.c.d:port
  std::string name_space = "default";
};

class Client {
 public:
  template <typename Response>
  using Done = absl::AnyInvocable<void(const absl::Status&, Response&)>;

  // Waits until something listens at the address, looking every millisecond; UNAVAILABLE if nothing does
  // within `patience`.
  static absl::StatusOr<std::unique_ptr<Client>> Connect(const Target& target, absl::Duration patience);

  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // A request with the fields set that all have.
  template <typename Request>
  Request New() const {
    Request request;
    request.set_namespace_(target_.name_space);
    if constexpr (requires { request.set_identity(kIdentity); }) request.set_identity(kIdentity);
    return request;
  }

  // A request in the form in which it can be sent more than once.
  static Frame ToFrame(const google::protobuf::MessageLite& request);

  // `done` may take from the response what it likes.
  template <typename Response>
  void Send(const char* method, Frame request, absl::Duration patience, Done<Response> done) {
    channel_.Call(absl::StrCat(kService, method), std::move(request), patience,
                  [done = std::move(done)](const absl::Status& status, std::string_view message) mutable {
                    Response response;
                    if (response.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
                      return done(status, response);
                    }
                    done(absl::InternalError("the answer is not the message that it should be"), response);
                  });
  }

  template <typename Response>
  void Send(const char* method, const google::protobuf::MessageLite& request, absl::Duration patience,
            Done<Response> done) {
    Send<Response>(method, ToFrame(request), patience, std::move(done));
  }

  // Runs `then` on the client's thread.
  void After(absl::Duration delay, EventLoop::Task then);

 private:
  static constexpr char kService[] = "/temporal.api.workflowservice.v1.WorkflowService/";
  static constexpr char kIdentity[] = "perdure-load";

  Client(const Target& target, const sockaddr_in& address);

  const Target target_;
  EventLoop loop_;
  Channel channel_;
};

// "RESOURCE_EXHAUSTED", ...
std::string CodeName(const absl::Status& status);

}  // namespace perdure::bench
