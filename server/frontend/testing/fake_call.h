// Calls an RPC through the method table, as a transport would, and keeps its answer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "server/frontend/testing/fake_parts.h"

namespace perdure::server::testing {

struct CallSettings {
  std::optional<absl::Duration> time_left = absl::Seconds(10);
  std::string client_name;
  std::string authorization = {};
};

// What becomes of a call; filled when it is answered.
struct Outcome {
  std::optional<absl::StatusOr<std::string>> answer;
  std::function<void()> cancel;  // the client goes away
};

// Serves the serialized request by the method's handler.
std::shared_ptr<Outcome> StartCall(FakeNode& node, std::string_view method, const std::string& request,
                                   CallSettings settings = {});

// The same, for a call that is answered at once.
template <typename Response, typename Request>
absl::StatusOr<Response> DoCall(FakeNode& node, std::string_view method, const Request& request,
                                CallSettings settings = {}) {
  const auto outcome = StartCall(node, method, request.SerializeAsString(), std::move(settings));
  if (!outcome->answer) return absl::InternalError("not answered");
  if (!outcome->answer->ok()) return outcome->answer->status();
  Response response;
  if (!response.ParseFromString(**outcome->answer)) return absl::InternalError("not a response");
  return response;
}

// How the same call fails; "OK" when it does not.
template <typename Request>
std::string ErrorOf(FakeNode& node, std::string_view method, const Request& request,
                    CallSettings settings = {}) {
  const auto outcome = StartCall(node, method, request.SerializeAsString(), std::move(settings));
  if (!outcome->answer) return "not answered";
  return outcome->answer->ok() ? "OK" : std::string(outcome->answer->status().message());
}

}  // namespace perdure::server::testing
