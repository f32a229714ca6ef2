#include <limits>
#include <memory>

#include "base/limits.h"
#include "base/status.h"
#include "server/frontend/close_event.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/history_pages.h"
#include "server/frontend/namespaces.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

using Response = api::GetWorkflowExecutionHistoryResponse;

// One read, step by step: where the run's history stands (a long poll waits there), a page of events, and
// behind the last page what came meanwhile and what is not durable yet. Kept alive by the callback of the
// step under way.
class Read : public std::enable_shared_from_this<Read> {
 public:
  Read(Frontend& frontend, CallPtr call, RunRef run, const api::GetWorkflowExecutionHistoryRequest& request)
      : frontend_(frontend),
        call_(std::move(call)),
        run_(std::move(run)),
        wait_(request.wait_new_event()),
        close_event_only_(request.history_event_filter_type() ==
                          temporal::api::enums::v1::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT),
        max_events_(HistoryPageEvents(request.maximum_page_size())) {
    // As the real server has it: these two show histories to people.
    const std::string_view client = call_->Header("client-name");
    shows_transient_ = client != "temporal-cli" && client != "temporal-ui";
    follows_next_run_ = FollowsNextRun(call_->Header(kSupportedFeatures));
  }

  void Start(std::optional<HistoryPageToken> token) {
    if (!token) return AskPosition(1, close_event_only_);
    token_ = *std::move(token);
    run_.run_id = Uuid::FromBytes(token_.run_id());
    has_token_ = true;
    const bool at_end = token_.first_event_id() >= token_.next_event_id();
    if (at_end && wait_ && token_.run_open()) return AskPosition(token_.next_event_id(), true);
    if (at_end) return CheckRun();
    Continue();
  }

 private:
  // Waits for an event (or with the filter, for the close) if `wait`.
  void AskPosition(int64_t event_id, bool wait) {
    if (close_event_only_) event_id = std::numeric_limits<int64_t>::max();
    Frontend& frontend = frontend_;  // the answer may take the last hold on this before the call returns
    std::optional<uint64_t> ticket;
    if (wait) ticket = frontend_.parked.Park(std::move(call_));
    const uint64_t id = frontend.history.WaitForEvents(
        run_, event_id, wait ? limits::kHistoryLongPoll : absl::ZeroDuration(),
        [self = shared_from_this(), ticket](absl::StatusOr<RunPosition> position) {
          if (ticket) self->call_ = self->frontend_.parked.Take(*ticket);
          if (self->call_ == nullptr) return;  // the client is gone, or the server stops
          if (!position.ok()) return self->call_->Fail(position.status());
          self->OnPosition(*std::move(position));
        });
    if (!ticket) return;
    frontend.parked.WhenGone(*ticket, [&history = frontend.history, id] { history.CancelWait(id); });
  }

  // Nothing is read with this token, but the run must be there all the same.
  void CheckRun() {
    frontend_.history.WaitForEvents(run_, 1, absl::ZeroDuration(),
                                    [self = shared_from_this()](const absl::StatusOr<RunPosition>& position) {
                                      if (!position.ok()) return self->call_->Fail(position.status());
                                      self->Continue();
                                    });
  }

  void OnPosition(RunPosition position) {
    if (!has_token_) {
      token_ = FirstHistoryToken(run_, position);
      token_.set_waits(wait_);
      run_.run_id = position.run_id;
      has_token_ = true;
    } else {
      token_.set_first_event_id(token_.next_event_id());
      token_.set_next_event_id(position.next_event_id);
      token_.set_run_open(position.open);
    }
    transient_events_ = std::move(position.transient_events);
    position_known_ = true;
    Continue();
  }

  void Continue() {
    if (close_event_only_) {
      if (token_.run_open()) {
        token_.set_first_event_id(token_.next_event_id());
        return Reply(wait_);
      }
      token_.set_first_event_id(token_.next_event_id() - 1);
    }
    if (token_.first_event_id() >= token_.next_event_id()) return Finish();
    frontend_.history.ReadEvents({.run = run_,
                                  .from_event_id = token_.first_event_id(),
                                  .to_event_id = token_.next_event_id(),
                                  .max_events = max_events_,
                                  .max_bytes = limits::kHistoryPageBytes},
                                 [self = shared_from_this()](absl::StatusOr<EventsPage> page) {
                                   if (!page.ok()) return self->call_->Fail(page.status());
                                   self->OnPage(*std::move(page));
                                 });
  }

  void OnPage(EventsPage page) {
    const bool as_continued = close_event_only_ && !follows_next_run_ && page.next == 0;
    events_.Append(as_continued ? AsContinuedAsNew(std::move(page.events)) : std::move(page.events));
    if (page.next != 0) {
      token_.set_first_event_id(page.next);
      return Reply(/*with_token=*/true);
    }
    if (close_event_only_) return Reply(/*with_token=*/false);
    // Behind the last of several pages: events may have come since the first.
    if (!position_known_) return AskPosition(1, /*wait=*/false);
    token_.set_first_event_id(token_.next_event_id());
    Finish();
  }

  // Nothing durable is left to read. Only who waits for more, or began so, gets a token.
  void Finish() {
    if (token_.run_open() && shows_transient_) events_.Append(std::move(transient_events_));
    Reply(token_.run_open() && (wait_ || token_.waits()));
  }

  void Reply(bool with_token) {
    Response response;
    if (with_token) response.set_next_page_token(frontend_.tokens.Seal(TokenKind::kHistoryPage, token_));
    ReplyBytes reply(response);
    reply.AppendMessage(Response::kHistoryFieldNumber, std::move(events_));
    call_->Reply(std::move(reply));
    call_.reset();
  }

  Frontend& frontend_;
  CallPtr call_;
  RunRef run_;
  const bool wait_;
  const bool close_event_only_;
  const size_t max_events_;
  bool shows_transient_ = true;
  bool follows_next_run_ = false;

  HistoryPageToken token_;
  bool has_token_ = false;
  bool position_known_ = false;  // it was asked for in this call
  std::string transient_events_;
  ReplyBytes events_;
};

}  // namespace

void GetWorkflowExecutionHistory(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                                 api::GetWorkflowExecutionHistoryRequest request) {
  const absl::Status valid = ValidateExecution(request.has_execution() ? &request.execution() : nullptr);
  if (!valid.ok()) return call->Fail(valid);
  auto token =
      OpenHistoryToken(frontend.tokens, name_space->id, request.execution(), request.next_page_token());
  if (!token.ok()) return call->Fail(token.status());
  RunRef run = RunOf(name_space->id, request.execution());
  std::make_shared<Read>(frontend, std::move(call), std::move(run), request)->Start(*std::move(token));
}

}  // namespace perdure::server
