#include <memory>
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

void AnswerDescribed(Frontend& frontend, CallPtr call, EntityRef run, DescribeActivityRequest request) {
  ActivityPollToken token;
  token.set_namespace_id(std::string(run.namespace_id.View()));
  token.set_activity_id(run.id);
  ActivityHistory(frontend.history.entities())
      .Describe(std::move(run), std::move(request),
                [call = std::move(call), &tokens = frontend.tokens,
                 token = std::move(token)](absl::StatusOr<ActivityHistory::Described> described) mutable {
                  if (!described.ok()) return call->Fail(described.status());
                  auto& response = described->response;
                  token.set_run_id(std::string(Uuid::Parse(response.run_id()).value_or(Uuid{}).View()));
                  token.set_last_sequence(described->last_sequence);
                  response.set_long_poll_token(tokens.Seal(TokenKind::kActivityPoll, token));
                  call->Reply(response);
                });
}

}  // namespace

void DescribeActivityExecution(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                               DescribeActivityRequest request) {
  auto run = ActivityNamedBy(*name_space, request);
  if (!run.ok()) return call->Fail(run.status());
  if (request.long_poll_token().empty()) {
    return AnswerDescribed(frontend, std::move(call), *std::move(run), std::move(request));
  }
  const auto seen = OpenPollToken(frontend.tokens, *run, request);
  if (!seen.ok()) return call->Fail(seen.status());
  EntityRef waited = *run;
  WaitParked(
      frontend, std::move(call),
      [&frontend, waited, seen = *seen](absl::Duration wait, Callback<RunPosition> done) {
        return ActivityHistory(frontend.history.entities())
            .WaitForChange(waited, seen, wait, std::move(done));
      },
      [&frontend, run = *std::move(run), request = std::move(request), seen = *seen](
          CallPtr call, const RunPosition& position) mutable {
        // An empty answer tells the client to ask again.
        if (position.next_event_id <= seen + 1) return call->Reply(api::DescribeActivityExecutionResponse());
        AnswerDescribed(frontend, std::move(call), std::move(run), std::move(request));
      });
}

}  // namespace perdure::server
