#include "server/history/host/rewinds.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/run_ids.h"
#include "base/status.h"
#include "base/text.h"
#include "server/history/batcher.h"
#include "server/history/host/life.h"
#include "server/history/host/replies.h"
#include "server/history/host/residents.h"
#include "server/history/host/settings.h"
#include "server/history/host/steps.h"
#include "server/history/run_cache.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::server {

using persistence::HistoryRow;
using persistence::RunKey;

namespace {

absl::Status TooMany() {
  return ResourceExhausted("too many runs are being reset",
                           temporal::api::enums::v1::RESOURCE_EXHAUSTED_CAUSE_SYSTEM_OVERLOADED,
                           temporal::api::enums::v1::RESOURCE_EXHAUSTED_SCOPE_SYSTEM);
}
absl::Status TooLong() { return Unavailable("the reset took too long"); }

engine::Record RecordOf(HistoryRow row) {
  return {row.first_event_id, row.event_count, std::move(row.events), std::move(row.changes), row.sequence};
}

size_t BytesOf(const std::vector<engine::Record>& records) {
  size_t bytes = 0;
  for (const engine::Record& record : records) bytes += record.events.size() + record.changes.size();
  return bytes;
}

bool IsAtEnd(const ResidentRun& run, const engine::Rewind::Place& place) {
  return run.entity->log().next_event_id <= place.next_event_id;
}

}  // namespace

struct Rewinds::Job {
  EntityRef base;  // with its run id once that is known
  persistence::EntityKey id;
  engine::RequestPtr request;
  Callback<engine::ReplyPtr> done;
  uint64_t generation = 0;
  absl::Time give_up_at;
  RunKey run;  // the new one
  std::unique_ptr<engine::Rewind> rewind;
  // Complete records of the new run that are not stored.
  std::vector<engine::Record> records;
  // What those that are stored fold to (null: none is), their bytes, and until when they stay.
  std::unique_ptr<engine::Entity> staged;
  size_t staged_bytes = 0;
  absl::Time staged_until;
};

void Rewinds::Begin(const EntityRef& base, engine::RequestPtr request, Callback<engine::ReplyPtr> done) {
  if (under_way_ >= limits::kRewinds) return std::move(done)(TooMany());
  ++under_way_;
  const auto job = std::make_shared<Job>();
  const ShardId shard = ShardOf(base.namespace_id, base.id);
  job->base = base;
  job->id = {shard, base.namespace_id, base.id, base.kind};
  job->request = std::move(request);
  job->done = std::move(done);
  job->generation = generation_;
  job->give_up_at = parts_.world.executor.Now() + limits::kRewindTakes;
  job->run = {shard, MintRunId(parts_.world.executor.Now(), parts_.world.executor.random()), base.kind};
  WithRuns(job, [this, job](const RunPtr& found, const RunPtr& current) { Decide(job, found, current); });
}

absl::Status Rewinds::MayGoOn(const Job& job) const {
  absl::Status serving = parts_.life.Serving();
  if (serving.ok() && job.generation != generation_) serving = LostRun();
  if (serving.ok() && parts_.world.executor.Now() > job.give_up_at) serving = TooLong();
  return serving;
}

void Rewinds::Fail(const JobPtr& job, const absl::Status& status) {
  --under_way_;
  std::move(job->done)(status);
}

void Rewinds::WithRuns(const JobPtr& job, OnRuns then) {
  parts_.residents.WithRun(
      job->base, [this, job, then = std::move(then)](absl::StatusOr<RunPtr> base) mutable {
        if (!base.ok()) return Fail(job, base.status());
        if (!job->base.run_id) job->base.run_id = (*base)->key.run_id;
        parts_.residents.WithCurrentRun(job->id, [this, job, base = *std::move(base), then = std::move(then)](
                                                     absl::StatusOr<RunPtr> current) mutable {
          absl::Status status = current.status();
          if (status.ok()) status = MayGoOn(*job);
          if (!status.ok()) return Fail(job, status);
          // While the one was looked for, the other may have left memory.
          const bool here = !base->place.dropped() && !base->lost &&
                            (*current == nullptr || (!(*current)->place.dropped() && !(*current)->lost));
          if (!here) return WithRuns(job, std::move(then));
          std::move(then)(base, *current);
        });
      });
}

void Rewinds::Decide(const JobPtr& job, const RunPtr& base, const RunPtr& current) {
  // What a client was shown counts.
  (void)parts_.steps.Harden(base);
  absl::StatusOr<engine::Kind::RewindDecision> decided = base->entity->kind().BeginRewind(
      *base->entity, current == nullptr ? nullptr : current->entity.get(), *job->request, job->run.run_id);
  if (!decided.ok()) return Fail(job, decided.status());
  if (decided->repeated != nullptr) {
    --under_way_;
    return parts_.replies.Answer(current, std::move(decided->repeated), std::move(job->done));
  }
  job->rewind = std::move(decided->rewind);
  GoOn(job);
}

engine::Context Rewinds::ContextOf(const ResidentRun& base, const ResidentRun* current) const {
  engine::Context context = parts_.settings.ContextFor(base.entity.get(), parts_.settings.For(*base.entity));
  if (current != nullptr) context.now = std::max(context.now, current->entity->EarliestNow());
  return context;
}

void Rewinds::GoOn(const JobPtr& job) {
  if (absl::Status status = MayGoOn(*job); !status.ok()) return Fail(job, status);
  const std::optional<engine::Rewind::Place> place = job->rewind->Wants();
  if (!place) return Commit(job);
  EntityRef ref = job->base;
  ref.run_id = place->run_id;
  parts_.residents.FindRun(ref, [this, job, place = *place](const absl::StatusOr<RunPtr>& run) {
    if (!run.ok()) return Fail(job, run.status());
    if (*run == nullptr || (*run)->entity->IsDeleted()) {
      if (absl::Status without = job->rewind->Missing(); !without.ok()) return Fail(job, without);
      return GoOn(job);
    }
    if (!IsAtEnd(**run, place)) return ReadFrom(job, *run, place);
    if ((*run)->IsOpen()) return Commit(job);
    // A run whose end is lost is followed by none.
    if (absl::Status without = job->rewind->Missing(); !without.ok()) return Fail(job, without);
    GoOn(job);
  });
}

void Rewinds::ReadFrom(const JobPtr& job, const RunPtr& run, const engine::Rewind::Place& place) {
  Batcher::WhenDurable(*run, [this, job, run, place](const absl::Status& durable) {
    if (!durable.ok()) return Fail(job, durable);
    persistence::HistoryQuery query;
    query.key = run->key;
    query.from_event_id = place.next_event_id;
    query.to_event_id = run->durable.next_event_id;
    query.max_bytes = limits::kHistoryPageBytes;
    parts_.session.ReadHistory(
        query, [this, job](absl::StatusOr<std::vector<HistoryRow>> rows) { OnRows(job, std::move(rows)); });
  });
}

void Rewinds::OnRows(const JobPtr& job, absl::StatusOr<std::vector<HistoryRow>> rows) {
  absl::Status status = rows.status();
  if (status.ok()) status = MayGoOn(*job);
  if (status.ok() && rows->empty()) status = Unavailable("a run is being removed that is read for a reset");
  if (!status.ok()) return Fail(job, status);
  WithRuns(job, [this, job, rows = *std::move(rows)](const RunPtr& base, const RunPtr& current) mutable {
    const engine::Context context = ContextOf(*base, current.get());
    for (HistoryRow& row : rows) {
      const absl::Status read = job->rewind->Read(RecordOf(std::move(row)), context);
      if (!read.ok()) return Fail(job, read);
    }
    std::vector<engine::Record> ready = job->rewind->TakeReady();
    std::move(ready.begin(), ready.end(), std::back_inserter(job->records));
    if (BytesOf(job->records) < limits::kRewindStagedBytes) return GoOn(job);
    Stage(job);
  });
}

void Rewinds::Stage(const JobPtr& job) {
  if (job->staged == nullptr) job->staged_until = parts_.world.executor.Now() + limits::kRewindLeftovers;
  const auto part = std::make_shared<ResidentRun>();
  part->key = job->run;
  RunCache::Outside(*part, false);
  NextWrite::Staged& stages = part->next_write.stages.emplace();
  stages.wake = job->staged_until;
  const size_t bytes = BytesOf(job->records);
  for (engine::Record& record : std::exchange(job->records, {})) {
    stages.rows.push_back({record.sequence, record.first_event_id, record.event_count,
                           std::move(record.events), std::move(record.changes)});
  }
  job->staged = job->rewind->entity().Clone();
  job->staged_bytes += bytes;
  parts_.batcher.Add(part, stages.rows.size(), bytes);
  Batcher::WhenDurable(*part, [this, job](const absl::Status& durable) {
    if (!durable.ok()) return Fail(job, durable);
    GoOn(job);
  });
}

void Rewinds::Commit(const JobPtr& job) {
  WithRuns(job, [this, job](const RunPtr& base, const RunPtr& current) { CommitOn(job, base, current); });
}

// What came since the logs were read is in memory, as far as it is there.
absl::Status Rewinds::ReadNewest(const Job& job, const ResidentRun* run, const engine::Context& context) {
  const std::optional<engine::Rewind::Place> place = job.rewind->Wants();
  if (run == nullptr || !place || run->key.run_id != place->run_id || IsAtEnd(*run, *place)) {
    return absl::OkStatus();
  }
  if (run->tail.FirstEventId(run->entity->log().next_event_id) > place->next_event_id) {
    return absl::OkStatus();
  }
  for (const HistoryRow& row : run->tail.rows()) {
    if (row.first_event_id + row.event_count <= place->next_event_id) continue;
    if (absl::Status read = job.rewind->Read(RecordOf(row), context); !read.ok()) return read;
    if (!job.rewind->Wants() || job.rewind->Wants()->run_id != run->key.run_id) break;
  }
  return absl::OkStatus();
}

bool Rewinds::HasReadAll(const Job& job, const ResidentRun& base, const ResidentRun* current) {
  const std::optional<engine::Rewind::Place> place = job.rewind->Wants();
  if (!place) return true;
  if (base.key.run_id == place->run_id) return IsAtEnd(base, *place);
  return current != nullptr && current->key.run_id == place->run_id && IsAtEnd(*current, *place);
}

void Rewinds::CommitOn(const JobPtr& job, const RunPtr& base, const RunPtr& current) {
  engine::Rewind& rewind = *job->rewind;
  if (absl::Status checked = rewind.Check(); !checked.ok()) return Fail(job, checked);
  const auto read_newest = [&] {
    const engine::Context context = ContextOf(*base, current.get());
    absl::Status read = ReadNewest(*job, base.get(), context);
    return read.ok() ? ReadNewest(*job, current.get(), context) : read;
  };
  if (absl::Status read = read_newest(); !read.ok()) return Fail(job, read);
  if (!HasReadAll(*job, *base, current.get())) return GoOn(job);
  const auto leave = [&](engine::Entity& run, const engine::Context& context) {
    return rewind.Leave(run, context);
  };
  if (current != nullptr) (void)parts_.steps.Step(current, nullptr, leave);
  if (current != base) (void)parts_.steps.Step(base, nullptr, leave);
  // What a run had buffered has come with its end.
  const absl::Status read = read_newest();
  PERDURE_CHECK(read.ok(), StdView(read.message()));
  BeginRun(job, base, current);
}

void Rewinds::BeginRun(const JobPtr& job, const RunPtr& base, const RunPtr& current) {
  std::vector<engine::Record> ready = job->rewind->TakeReady();
  std::move(ready.begin(), ready.end(), std::back_inserter(job->records));
  engine::NextEntity next = job->rewind->Finish(current == nullptr ? nullptr : current->entity.get(),
                                                ContextOf(*base, current.get()));
  std::move(next.records.begin(), next.records.end(), std::back_inserter(job->records));
  next.records = std::exchange(job->records, {});
  const RunPtr run =
      parts_.steps.Follow(current, std::move(next), parts_.settings.For(*base->entity), job->staged.get());
  if (job->staged != nullptr) {
    run->wakes.known.Trust(job->staged_until);
    run->log_weight.OnRecord(job->staged_bytes, true);
  }
  if (current != base) parts_.batcher.Join(run, base);
  --under_way_;
  parts_.replies.Answer(run, job->rewind->Answer(), std::move(job->done));
}

}  // namespace perdure::server
