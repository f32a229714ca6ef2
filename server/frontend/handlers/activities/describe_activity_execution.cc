#include <optional>
#include <utility>

#include "server/frontend/activity_requests.h"
#include "server/frontend/activity_wait.h"
#include "server/frontend/namespaces.h"

namespace perdure::server {
namespace {

using DescribeActivityRequest = api::DescribeActivityExecutionRequest;

// Where the activity's log stood that the token was shown with.
absl::StatusOr<int64_t> OpenPollToken(const TokenSealer& tokens, const EntityRef& run,
                                      const DescribeActivityRequest& request) {
  if (!run.run_id) return InvalidArgument("run id is required when long poll token is provided");
  ActivityPollToken token;
  if (!tokens.Open(TokenKind::kActivityPoll, request.long_poll_token(), token)) {
    return InvalidArgument("invalid long poll token");
  }
  if (token.namespace_id() != run.namespace_id.View() || token.activity_id() != run.id ||
      token.run_id() != run.run_id->View()) {
    return InvalidArgument("long poll token does not match execution");
  }
  return token.last_sequence();
}

void Reply(const TokenSealer& tokens, Call& call, const EntityRef& run,
           const ActivityHistory::Described& described) {
  ActivityPollToken token;
  token.set_namespace_id(std::string(run.namespace_id.View()));
  token.set_activity_id(run.id);
  token.set_run_id(std::string(Uuid::Parse(described.response->run_id()).value_or(Uuid{}).View()));
  token.set_last_sequence(described.last_sequence);
  // The description may be shared with others who have waited: the token is written behind it.
  ReplyBytes bytes(*described.response);
  api::DescribeActivityExecutionResponse rest;
  rest.set_long_poll_token(tokens.Seal(TokenKind::kActivityPoll, token));
  bytes.Append(rest.SerializeAsString());
  call.Reply(std::move(bytes));
}

void AnswerNow(Frontend& frontend, CallPtr call, const EntityRef& run,
               const DescribeActivityRequest& request) {
  ActivityHistory(frontend.history.entities())
      .Describe(run, request,
                [call = std::move(call), &tokens = frontend.tokens,
                 run](const absl::StatusOr<ActivityHistory::Described>& described) mutable {
                  if (!described.ok()) return call->Fail(described.status());
                  Reply(tokens, *call, run, *described);
                });
}

void AnswerChanged(Frontend& frontend, CallPtr call, const EntityRef& run,
                   const DescribeActivityRequest& request, int64_t seen) {
  using Described = std::optional<ActivityHistory::Described>;
  WaitParked<Described>(
      frontend, std::move(call),
      [&](absl::Duration wait, Callback<Described> done) {
        return ActivityHistory(frontend.history.entities())
            .AwaitChange(run, request, seen, wait, std::move(done));
      },
      [&tokens = frontend.tokens, run](CallPtr call, const Described& described) {
        // An empty answer tells the client to ask again.
        if (!described.has_value()) return call->Reply(api::DescribeActivityExecutionResponse());
        Reply(tokens, *call, run, *described);
      });
}

}  // namespace

void DescribeActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                               DescribeActivityRequest request) {
  auto run = ActivityNamedBy(*name_space, request);
  if (!run.ok()) return call->Fail(run.status());
  if (request.long_poll_token().empty()) return AnswerNow(frontend, std::move(call), *run, request);
  const auto seen = OpenPollToken(frontend.tokens, *run, request);
  if (!seen.ok()) return call->Fail(seen.status());
  AnswerChanged(frontend, std::move(call), *run, request, *seen);
}

}  // namespace perdure::server
