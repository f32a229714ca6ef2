#include "engine/workflow/fold/change_table.h"

#include <array>

#include "engine/workflow/fold/apply.h"
#include "engine/workflow/fold/check_record.h"
#include "engine/workflow/fold/row_index.h"

namespace perdure::engine::workflow {
namespace {

using perdure::engine::Change;

TellsOf OfEventBefore(const Change& /*change*/) { return TellsOf::kEventBefore; }
TellsOf OfEventAfter(const Change& /*change*/) { return TellsOf::kEventAfter; }

// When a chain of heartbeats began belongs to the WorkflowTaskScheduled that continues it. Otherwise a task
// waits that has no event, or none does.
TellsOf OfPending(const Change& change) {
  const auto& pending = change.workflow_task_pending();
  return pending.none() || pending.transient() ? TellsOf::kNoEvent : TellsOf::kEventBefore;
}

constexpr std::array kChangeRows = {
    // ---- the run
    ChangeRow{.kind = Change::kRunCreated,
              .fold = fold_change::RunCreated,
              .wrong = check_change::RunCreated,
              .of_open_run = false,
              .tells_of = OfEventAfter},
    ChangeRow{.kind = Change::kRunClosed,
              .fold = fold_change::RunClosed,
              .wrong = check_change::RunClosed,
              .of_open_run = false,
              .tells_of = OfEventBefore},
    ChangeRow{.kind = Change::kRunDeleted,
              .fold = fold_change::RunDeleted,
              .wrong = check_change::RunDeleted,
              .of_open_run = false},
    ChangeRow{.kind = Change::kRunReset,
              .fold = fold_change::RunReset,
              .wrong = check_change::RunReset,
              .of_open_run = false},
    ChangeRow{.kind = Change::kRunRewound,
              .fold = fold_change::RunRewound,
              .wrong = check_change::RunRewound,
              .tells_of = OfEventAfter},
    ChangeRow{
        .kind = Change::kRequestSeen, .fold = fold_change::RequestSeen, .wrong = check_change::RequestSeen},
    ChangeRow{.kind = Change::kUpdateRejected,
              .fold = fold_change::UpdateRejected,
              .wrong = check_change::UpdateRejected},
    // ---- workflow tasks
    ChangeRow{.kind = Change::kWorkflowTaskPending,
              .fold = fold_change::WorkflowTaskPending,
              .wrong = check_change::WorkflowTaskPending,
              .tells_of = OfPending},
    ChangeRow{.kind = Change::kTransientWorkflowTaskStarted,
              .fold = fold_change::TransientWorkflowTaskStarted,
              .wrong = check_change::TransientWorkflowTaskStarted},
    ChangeRow{.kind = Change::kStickyTaskQueue, .fold = fold_change::StickyTaskQueueSet},
    // ---- events without ids
    ChangeRow{.kind = Change::kEventBuffered,
              .fold = fold_change::EventBuffered,
              .wrong = check_change::EventBuffered},
    ChangeRow{.kind = Change::kBufferFlushed,
              .fold = fold_change::BufferFlushed,
              .wrong = check_change::BufferFlushed,
              .tells_of = OfEventAfter},
    ChangeRow{.kind = Change::kBufferedEventDropped,
              .fold = fold_change::BufferedEventDropped,
              .wrong = check_change::BufferedEventDropped},
    // ---- activities
    ChangeRow{.kind = Change::kActivityStarted,
              .fold = fold_change::ActivityStarted,
              .wrong = check_change::ActivityStarted},
    ChangeRow{.kind = Change::kActivityHeartbeat,
              .fold = fold_change::ActivityHeartbeat,
              .wrong = check_change::ActivityHeartbeat},
    ChangeRow{.kind = Change::kActivityStartReturned,
              .fold = fold_change::ActivityStartReturned,
              .wrong = check_change::ActivityStartReturned},
    ChangeRow{.kind = Change::kActivityRetry,
              .fold = fold_change::ActivityRetry,
              .wrong = check_change::ActivityRetry},
    // ---- messages
    ChangeRow{.kind = Change::kMessageMinted,
              .fold = fold_change::MessageMinted,
              .wrong = check_change::MessageMinted,
              .tells_of = OfEventBefore},
    ChangeRow{.kind = Change::kChildReleased, .fold = fold_change::ChildReleased},
    ChangeRow{.kind = Change::kChildrenSettled, .fold = fold_change::ChildrenSettled, .of_open_run = false},
    ChangeRow{.kind = Change::kReportSettled,
              .fold = fold_change::ReportSettled,
              .wrong = check_change::ReportSettled,
              .of_open_run = false},
    ChangeRow{.kind = Change::kRunReleased, .fold = fold_change::RunReleased},
    ChangeRow{.kind = Change::kMessageReceived,
              .fold = fold_change::MessageReceived,
              .wrong = check_change::MessageReceived},
    ChangeRow{.kind = Change::kInboxDropped, .fold = fold_change::InboxDropped, .of_open_run = false},
};

constexpr RowIndex<64> kIndexOfChanges(kChangeRows, [](const ChangeRow& row) { return row.kind; });

}  // namespace

const ChangeRow* FindChangeRow(Change::KindCase kind) { return kIndexOfChanges.Find(kChangeRows, kind); }

std::string_view NameOf(Change::KindCase kind) {
  const auto* field = Change::descriptor()->FindFieldByNumber(kind);
  return field == nullptr ? std::string_view() : std::string_view(field->name());
}

}  // namespace perdure::engine::workflow
