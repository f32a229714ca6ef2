// Replies: they wait for what they were derived from, and tasks get their history.
#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "server/history/history_host.h"

namespace perdure::server {

namespace workflow = engine::workflow;
using persistence::RunKey;

namespace {

workflow::WorkflowTaskReply* TaskIn(workflow::Reply& reply) {
  if (auto* task = std::get_if<workflow::WorkflowTaskReply>(&reply)) return task;
  if (auto* completed = std::get_if<workflow::CompletedReply>(&reply)) {
    return completed->workflow_task ? &*completed->workflow_task : nullptr;
  }
  if (auto* start = std::get_if<workflow::StartReply>(&reply)) {
    return start->eager_task ? &*start->eager_task : nullptr;
  }
  return nullptr;
}

EventPageBuilder FirstPageOf(const workflow::WorkflowTaskReply& task) {
  return {task.history_from, task.history_to + 1, limits::kHistoryPageEvents, limits::kHistoryPageBytes,
          /*reverse=*/false};
}

void SetFirstPage(workflow::WorkflowTaskReply& task, EventsPage page) {
  task.history = std::move(page.events);
  task.next_page_from = page.next;
}

}  // namespace

void HistoryHost::Answer(const RunPtr& run, absl::StatusOr<workflow::Reply> reply,
                         Callback<workflow::Reply> done) {
  if (reply.ok()) {
    if (auto* bare = std::get_if<workflow::Done>(&*reply)) bare->run_id = run->key.run_id;
    workflow::WorkflowTaskReply* const task = TaskIn(*reply);
    if (task != nullptr && !FillFromMemory(run, *task)) {
      AnswerFromStore(run, *std::move(reply), std::move(done));
      return;
    }
  }
  if (run->Durable()) {
    std::move(done)(std::move(reply));
    return;
  }
  Batcher::WhenDurable(
      *run, [reply = std::move(reply), done = std::move(done)](const absl::Status& durable) mutable {
        std::move(done)(durable.ok() ? std::move(reply) : absl::StatusOr<workflow::Reply>(durable));
      });
}

bool HistoryHost::FillFromMemory(const RunPtr& run, workflow::WorkflowTaskReply& task) {
  const bool here = task.history_from >= run->tail.FirstEventId(run->state.next_event_id);
  const int64_t events = task.history_to - task.history_from + 1;
  if (here) {
    EventPageBuilder page = FirstPageOf(task);
    if (!run->tail.AddForward(page).ok()) return false;
    EventsPage first = std::move(page).Finish();
    if (first.next == 0) {
      SetFirstPage(task, std::move(first));
      return true;
    }
  }
  const bool one_page = !here && events <= static_cast<int64_t>(limits::kHistoryPageEvents) &&
                        run->state.history_size_bytes <= static_cast<int64_t>(limits::kHistoryPageBytes);
  if (one_page) return false;
  // The rest is read by later calls, which see what is durable: the start becomes so now, before the worker
  // has it.
  const workflow::WorkflowTask* const running = run->state.RunningTask();
  const bool transient = running != nullptr && running->transient;
  const absl::StatusOr<workflow::Reply> hardened = Step(run, workflow::HardenWorkflowTaskStart{});
  if (hardened.ok() && !transient) {
    task.history_to = std::max(task.history_to, task.token.started_event_id());
    task.tail.clear();
  }
  if (!here) return false;
  EventPageBuilder page = FirstPageOf(task);
  if (!run->tail.AddForward(page).ok()) return false;
  SetFirstPage(task, std::move(page).Finish());
  return true;
}

void HistoryHost::AnswerFromStore(const RunPtr& run, workflow::Reply reply, Callback<workflow::Reply> done) {
  const RunKey key = run->key;
  Batcher::WhenDurable(*run, [this, key, reply = std::move(reply),
                              done = std::move(done)](const absl::Status& durable) mutable {
    if (!durable.ok()) {
      std::move(done)(durable);
      return;
    }
    EventPageBuilder page = FirstPageOf(*TaskIn(reply));
    ReadPage(key, std::move(page),
             [reply = std::move(reply), done = std::move(done)](absl::StatusOr<EventsPage> read) mutable {
               if (!read.ok()) {
                 std::move(done)(read.status());
                 return;
               }
               SetFirstPage(*TaskIn(reply), *std::move(read));
               std::move(done)(std::move(reply));
             });
  });
}

void HistoryHost::Describe(const RunRef& ref,
                           Callback<workflow::api::DescribeWorkflowExecutionResponse> done) {
  WithRun(ref, [this, done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
    if (!run.ok()) {
      std::move(done)(run.status());
      return;
    }
    // What a client is shown must not be undone by a crash.
    if ((*run)->state.soft_start.has_value()) (void)Step(*run, workflow::HardenWorkflowTaskStart{});
    Batcher::WhenDurable(**run, [description = workflow::Describe((*run)->state, world_.executor.Now()),
                                 done = std::move(done)](const absl::Status& durable) mutable {
      if (durable.ok()) {
        std::move(done)(std::move(description));
      } else {
        std::move(done)(durable);
      }
    });
  });
}

void HistoryHost::WaitForEvents(uint64_t id, const RunRef& ref, int64_t from_event_id,
                                absl::Duration max_wait, Callback<RunPosition> done) {
  waiters_.Expect(id);
  WithRun(ref,
          [this, id, from_event_id, max_wait, done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
            if (!waiters_.StillWanted(id)) run = absl::CancelledError("the wait for events was called off");
            if (!run.ok()) {
              std::move(done)(run.status());
              return;
            }
            const workflow::State& state = (*run)->state;
            if (!state.IsOpen() || from_event_id < state.next_event_id || max_wait <= absl::ZeroDuration()) {
              AnswerPosition(*run, std::move(done));
            } else {
              waiters_.Add(id, (*run)->key, from_event_id, max_wait, std::move(done));
            }
          });
}

void HistoryHost::AnswerPosition(const RunPtr& run, Callback<RunPosition> done) {
  if (absl::Status serving = Serving(); !serving.ok()) {
    std::move(done)(serving);
    return;
  }
  if (run->state.soft_start.has_value()) (void)Step(run, workflow::HardenWorkflowTaskStart{});
  const workflow::State& state = run->state;
  RunPosition position{run->key.run_id, state.IsOpen(), state.next_event_id,
                       workflow::TransientEvents(state)};
  Batcher::WhenDurable(
      *run, [position = std::move(position), done = std::move(done)](const absl::Status& durable) mutable {
        if (durable.ok()) {
          std::move(done)(std::move(position));
        } else {
          std::move(done)(durable);
        }
      });
}

void HistoryHost::OnWaitOver(const RunKey& key, Callback<RunPosition> done) {
  if (const RunPtr run = cache_.Find(key); run != nullptr) {
    AnswerPosition(run, std::move(done));
    return;
  }
  if (absl::Status serving = Serving(); !serving.ok()) {
    std::move(done)(serving);
    return;
  }
  LoadRun(key, RunLoader::Urgency::kCall, [this, done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
    if (!run.ok()) {
      std::move(done)(run.status());
    } else if (*run == nullptr) {
      std::move(done)(NotFound("the workflow execution's history was removed by retention"));
    } else {
      AnswerPosition(*run, std::move(done));
    }
  });
}

void HistoryHost::ReadEvents(const EventsQuery& query, Callback<EventsPage> done) {
  if (absl::Status serving = Serving(); !serving.ok()) {
    std::move(done)(serving);
    return;
  }
  const RunKey key{ShardOf(query.run.namespace_id, query.run.workflow_id), query.run.run_id.value_or(Uuid{})};
  int64_t to = query.to_event_id;
  if (const RunPtr run = cache_.Find(key); run != nullptr) to = std::min(to, run->durable_next_event_id);
  ReadPage(key, EventPageBuilder(query.from_event_id, to, query.max_events, query.max_bytes, query.reverse),
           std::move(done));
}

void HistoryHost::ReadPage(const RunKey& key, EventPageBuilder page, Callback<EventsPage> done) {
  persistence::HistoryQuery query;
  query.key = key;
  query.from_event_id = page.from();
  query.to_event_id = page.to();
  query.max_bytes = std::max<size_t>(page.bytes_left(), 1);
  query.reverse = page.reverse();
  if (const RunPtr run = cache_.Find(key); run != nullptr && !page.Done()) {
    const int64_t here_from = run->tail.FirstEventId(run->state.next_event_id);
    absl::Status added;
    if (page.reverse() && page.to() > here_from) {
      added = run->tail.AddReverse(page);
      query.to_event_id = page.to();
    } else if (!page.reverse() && page.from() >= here_from) {
      added = run->tail.AddForward(page);
    } else if (!page.reverse()) {
      query.to_event_id = std::min(page.to(), here_from);
    }
    if (!added.ok()) {
      std::move(done)(added);
      return;
    }
  }
  if (page.Done()) {
    std::move(done)(std::move(page).Finish());
    return;
  }
  session_->ReadHistory(query, [this, key, page = std::move(page), done = std::move(done)](
                                   absl::StatusOr<std::vector<persistence::HistoryRow>> rows) mutable {
    OnPageRead(key, std::move(page), std::move(done), std::move(rows));
  });
}

void HistoryHost::OnPageRead(const RunKey& key, EventPageBuilder page, Callback<EventsPage> done,
                             absl::StatusOr<std::vector<persistence::HistoryRow>> rows) {
  if (!rows.ok()) {
    std::move(done)(rows.status());
    return;
  }
  if (rows->empty()) {
    if (page.count() == 0) {
      std::move(done)(NotFound("the workflow execution's history was not found"));
    } else {
      std::move(done)(absl::DataLossError("history events are missing"));
    }
    return;
  }
  for (const persistence::HistoryRow& row : *rows) {
    if (absl::Status added = page.Add(row); !added.ok()) {
      std::move(done)(added);
      return;
    }
  }
  ReadPage(key, std::move(page), std::move(done));
}

}  // namespace perdure::server
