#include "server/history/host/replies.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "server/history/batcher.h"
#include "server/history/host/life.h"
#include "server/history/host/residents.h"
#include "server/history/host/steps.h"
#include "server/history/run_cache.h"

namespace perdure::server {

using persistence::RunKey;

namespace {

EventPageBuilder FirstPageOf(const engine::EventRange& wanted) {
  return {wanted.first, wanted.last + 1, limits::kHistoryPageEvents, limits::kHistoryPageBytes,
          /*reverse=*/false};
}

}  // namespace

void HostReplies::Answer(const RunPtr& run, absl::StatusOr<engine::ReplyPtr> reply,
                         Callback<engine::ReplyPtr> done) {
  if (reply.ok()) {
    (*reply)->SetRun(run->key.run_id);
    const std::optional<engine::EventRange> wanted = (*reply)->WantsEvents();
    if (wanted && !FillFromMemory(run, *wanted, **reply)) {
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
        std::move(done)(durable.ok() ? std::move(reply) : absl::StatusOr<engine::ReplyPtr>(durable));
      });
}

bool HostReplies::FillFromMemory(const RunPtr& run, const engine::EventRange& wanted, engine::Reply& reply) {
  const bool here = wanted.first >= run->tail.FirstEventId(run->entity->log().next_event_id);
  const int64_t events = wanted.last - wanted.first + 1;
  if (here) {
    EventPageBuilder page = FirstPageOf(wanted);
    if (!run->tail.AddForward(page).ok()) return false;
    EventsPage first = std::move(page).Finish();
    if (first.next == 0) {
      reply.SetEvents(std::move(first.events), first.next);
      return true;
    }
  }
  const bool one_page = !here && events <= static_cast<int64_t>(limits::kHistoryPageEvents) &&
                        run->entity->log().event_bytes <= static_cast<int64_t>(limits::kHistoryPageBytes);
  if (one_page) return false;
  // The rest is read by later calls, which see what is durable: what the reply shows becomes so now, before
  // the worker has it.
  if (!wanted.recorded && parts_.steps.Harden(run).ok()) reply.OnHardened(*run->entity);
  if (!here) return false;
  EventPageBuilder page = FirstPageOf(reply.WantsEvents().value_or(wanted));
  if (!run->tail.AddForward(page).ok()) return false;
  EventsPage first = std::move(page).Finish();
  reply.SetEvents(std::move(first.events), first.next);
  return true;
}

void HostReplies::AnswerFromStore(const RunPtr& run, engine::ReplyPtr reply,
                                  Callback<engine::ReplyPtr> done) {
  const RunKey key = run->key;
  Batcher::WhenDurable(*run, [this, key, reply = std::move(reply),
                              done = std::move(done)](const absl::Status& durable) mutable {
    if (!durable.ok()) {
      std::move(done)(durable);
      return;
    }
    EventPageBuilder page = FirstPageOf(*reply->WantsEvents());
    ReadPage(key, std::move(page),
             [reply = std::move(reply), done = std::move(done)](absl::StatusOr<EventsPage> read) mutable {
               if (!read.ok()) {
                 std::move(done)(read.status());
                 return;
               }
               reply->SetEvents(std::move(read->events), read->next);
               std::move(done)(std::move(reply));
             });
  });
}

void HostReplies::Read(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  parts_.residents.WithRun(
      ref, [this, request = std::move(request), done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
        if (!run.ok()) {
          std::move(done)(run.status());
          return;
        }
        // What a client is shown must not be undone by a crash.
        (void)parts_.steps.Harden(*run);
        Batcher::WhenDurable(**run, [reply = (*run)->entity->Read(*request, parts_.world.executor.Now()),
                                     done = std::move(done)](const absl::Status& durable) mutable {
          std::move(done)(durable.ok() ? std::move(reply) : absl::StatusOr<engine::ReplyPtr>(durable));
        });
      });
}

void HostReplies::ReadEvents(const EventsQuery& query, Callback<EventsPage> done) {
  if (absl::Status serving = parts_.life.Serving(); !serving.ok()) {
    std::move(done)(serving);
    return;
  }
  const RunKey key{ShardOf(query.run.namespace_id, query.run.id), query.run.run_id.value_or(Uuid{}),
                   query.run.kind};
  int64_t to = query.to_event_id;
  if (const RunPtr run = parts_.cache.Find(key); run != nullptr)
    to = std::min(to, run->durable.next_event_id);
  ReadPage(key, EventPageBuilder(query.from_event_id, to, query.max_events, query.max_bytes, query.reverse),
           std::move(done));
}

void HostReplies::ReadPage(const RunKey& key, EventPageBuilder page, Callback<EventsPage> done) {
  persistence::HistoryQuery query;
  query.key = key;
  query.from_event_id = page.from();
  query.to_event_id = page.to();
  query.max_bytes = std::max<size_t>(page.bytes_left(), 1);
  query.reverse = page.reverse();
  if (const RunPtr run = parts_.cache.Find(key); run != nullptr && !page.Done()) {
    const int64_t here_from = run->tail.FirstEventId(run->entity->log().next_event_id);
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
  parts_.session.ReadHistory(query, [this, key, page = std::move(page), done = std::move(done)](
                                        absl::StatusOr<std::vector<persistence::HistoryRow>> rows) mutable {
    OnPageRead(key, std::move(page), std::move(done), std::move(rows));
  });
}

void HostReplies::OnPageRead(const RunKey& key, EventPageBuilder page, Callback<EventsPage> done,
                             absl::StatusOr<std::vector<persistence::HistoryRow>> rows) {
  if (!rows.ok()) {
    std::move(done)(rows.status());
    return;
  }
  if (rows->empty()) {
    if (page.count() == 0) {
      std::move(done)(NotFound("the execution's history was not found"));
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
