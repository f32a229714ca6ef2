#include "base/limits.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/history_pages.h"
#include "server/frontend/namespaces.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

using ReverseResponse = api::GetWorkflowExecutionHistoryReverseResponse;

// Reads the page that ends before token.next_event_id.
void ReadPage(Frontend& frontend, CallPtr call, RunRef run, HistoryPageToken token, size_t max_events) {
  run.run_id = Uuid::FromBytes(token.run_id());
  EventsQuery query{.run = std::move(run),
                    .from_event_id = 1,
                    .to_event_id = token.next_event_id(),
                    .max_events = max_events,
                    .max_bytes = limits::kHistoryPageBytes,
                    .reverse = true};
  frontend.history.ReadEvents(std::move(query),
                              [call = std::move(call), &tokens = frontend.tokens,
                               token = std::move(token)](absl::StatusOr<EventsPage> page) mutable {
                                if (!page.ok()) return call->Fail(page.status());
                                ReverseResponse response;
                                if (page->next != 0) {
                                  token.set_next_event_id(page->next);
                                  response.set_next_page_token(tokens.Seal(TokenKind::kHistoryPage, token));
                                }
                                ReplyBytes events;
                                events.Append(std::move(page->events));
                                ReplyBytes reply(response);
                                reply.AppendMessage(ReverseResponse::kHistoryFieldNumber, std::move(events));
                                call->Reply(std::move(reply));
                              });
}

}  // namespace

void GetWorkflowExecutionHistoryReverse(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                        api::GetWorkflowExecutionHistoryReverseRequest request) {
  const absl::Status valid = ValidateExecution(request.has_execution() ? &request.execution() : nullptr);
  if (!valid.ok()) return call->Fail(valid);
  auto token =
      OpenHistoryToken(frontend.tokens, name_space->id, request.execution(), request.next_page_token());
  if (!token.ok()) return call->Fail(token.status());
  RunRef run = RunOf(name_space->id, request.execution());
  const size_t max_events = HistoryPageEvents(request.maximum_page_size());
  if (token->has_value())
    return ReadPage(frontend, std::move(call), std::move(run), **std::move(token), max_events);
  RunRef asked = run;
  frontend.history.WaitForEvents(std::move(asked), 1, absl::ZeroDuration(),
                                 [&frontend, call = std::move(call), run = std::move(run),
                                  max_events](absl::StatusOr<RunPosition> position) mutable {
                                   if (!position.ok()) return call->Fail(position.status());
                                   HistoryPageToken token = FirstHistoryToken(run, *position);
                                   ReadPage(frontend, std::move(call), std::move(run), std::move(token),
                                            max_events);
                                 });
}

}  // namespace perdure::server
