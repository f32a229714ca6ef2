// What every call passes before its handler, in the order of the real server: its request is parsed, the call
// is authorised, its namespace (or the one of its task token) is found and must be in a state that allows the
// call, and its client must be of a version that is served.
//
// A handler is a function of one of these forms; Handle<> makes a table entry of it:
//   void DoIt(Frontend&, CallPtr, Request)
//       of the cluster, or with a namespace rule of its own
//   void DoIt(Frontend&, CallPtr, NamespacePtr, Request)
//       of the namespace that the request names
//   void DoIt(Frontend&, CallPtr, NamespacePtr, TaskToken, Request)
//   void DoIt(Frontend&, CallPtr, NamespacePtr, QueryTaskToken, Request)
//       of a task token, opened
#pragma once

#include <string_view>
#include <utility>

#include "base/nesting.h"
#include "perdure/token.pb.h"
#include "server/frontend/field_rules.h"
#include "server/frontend/frontend.h"
#include "server/frontend/method.h"

namespace perdure::server {

// In the words and with the code of gRPC in Go.
absl::Status UnparsableRequest();
absl::Status RequestTooDeep();

// The one place where a call is authorised. `name_space` may be empty.
absl::Status Authorize(const Frontend& frontend, const Call& call, std::string_view name_space);

// The namespace of that name, if the method may be called in its state.
absl::StatusOr<NamespacePtr> FindNamespace(const Frontend& frontend, const Method& method,
                                           std::string_view name);

// Whether this version of a client is served.
absl::Status CheckClient(const Frontend& frontend, const Call& call);

// Opens a token of a task, or of a query, and answers its namespace. `named` is the request's own namespace,
// which may be empty. The call is authorised for that of the token.
absl::StatusOr<NamespacePtr> OpenToken(const Frontend& frontend, const Call& call, std::string_view sealed,
                                       std::string_view named, TaskToken& token);
absl::StatusOr<NamespacePtr> OpenToken(const Frontend& frontend, const Call& call, std::string_view sealed,
                                       std::string_view named, QueryTaskToken& token);

namespace internal {

template <typename Request>
std::string_view NamespaceNamed(const Request& request) {
  if constexpr (requires { request.namespace_(); }) {
    return request.namespace_();
  } else {
    return {};
  }
}

template <typename Request>
void Run(void (*handler)(Frontend&, CallPtr, Request), Frontend& frontend, CallPtr call, Request request) {
  const absl::Status allowed = Authorize(frontend, *call, NamespaceNamed(request));
  if (!allowed.ok()) return call->Fail(allowed);
  const absl::Status client = CheckClient(frontend, *call);
  if (!client.ok()) return call->Fail(client);
  handler(frontend, std::move(call), std::move(request));
}

template <typename Request>
void Run(void (*handler)(Frontend&, CallPtr, NamespacePtr, Request), Frontend& frontend, CallPtr call,
         Request request) {
  const absl::Status allowed = Authorize(frontend, *call, request.namespace_());
  if (!allowed.ok()) return call->Fail(allowed);
  auto found = FindNamespace(frontend, call->method(), request.namespace_());
  if (!found.ok()) return call->Fail(found.status());
  call->set_name_space(*found);
  const absl::Status client = CheckClient(frontend, *call);
  if (!client.ok()) return call->Fail(client);
  handler(frontend, std::move(call), *std::move(found), std::move(request));
}

template <typename Token, typename Request>
void Run(void (*handler)(Frontend&, CallPtr, NamespacePtr, Token, Request), Frontend& frontend, CallPtr call,
         Request request) {
  Token token;
  auto found = OpenToken(frontend, *call, request.task_token(), request.namespace_(), token);
  if (!found.ok()) return call->Fail(found.status());
  call->set_name_space(*found);
  const absl::Status client = CheckClient(frontend, *call);
  if (!client.ok()) return call->Fail(client);
  handler(frontend, std::move(call), *std::move(found), std::move(token), std::move(request));
}

template <typename Form>
struct RequestOf;
template <typename Request>
struct RequestOf<void (*)(Frontend&, CallPtr, Request)> {
  using Type = Request;
};
template <typename Request>
struct RequestOf<void (*)(Frontend&, CallPtr, NamespacePtr, Request)> {
  using Type = Request;
};
template <typename Token, typename Request>
struct RequestOf<void (*)(Frontend&, CallPtr, NamespacePtr, Token, Request)> {
  using Type = Request;
};

}  // namespace internal

template <auto kHandler>
void Handle(Frontend& frontend, CallPtr call, BytesSource bytes) {
  typename internal::RequestOf<decltype(kHandler)>::Type request;
  switch (ParseRequest(bytes, request)) {
    case RequestForm::kFine:
      break;
    case RequestForm::kUnparsable:
      return call->Fail(UnparsableRequest());
    case RequestForm::kTooDeep:
      return call->Fail(RequestTooDeep());
  }
  static const FieldRules kRules(request.GetDescriptor());
  absl::Status fields = kRules.Check(request);
  if (!fields.ok()) return call->Fail(std::move(fields));
  // Its request waits with it: what nothing reads, and no rule limits, does not.
  if (call->method().spec.polling == Polling::kAlways) request.DiscardUnknownFields();
  internal::Run(kHandler, frontend, std::move(call), std::move(request));
}

}  // namespace perdure::server
