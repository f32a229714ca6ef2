#include "server/history/batcher.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "persistence/visibility_query.h"

namespace perdure::server {

using persistence::CommitOutcome;

namespace {

// What a write holds besides its history, about, as a store sends it: entries as text, two letters a byte.
size_t BytesOf(const persistence::RunWrite& write) {
  size_t bytes = 0;
  if (write.execution) {
    bytes += persistence::ListWeight(*write.execution);
    for (const std::string& entry : write.execution->entries) bytes += 2 * entry.size() + 8;
  }
  if (write.snapshot) bytes += write.snapshot->state.size();
  return bytes;
}

}  // namespace

Batcher::Batcher(Executor& executor, persistence::Session& session, Host& host, Metrics& metrics)
    : executor_(executor),
      session_(session),
      host_(host),
      batch_runs_(metrics.histogram("perdure_commit_batch_runs", {})),
      batch_bytes_(metrics.histogram("perdure_commit_batch_bytes", {})),
      latency_(metrics.histogram("perdure_commit_latency", {})) {}

Batcher::~Batcher() { TakeAll(); }

void Batcher::Begin(persistence::Writer writer, uint64_t last_batch) {
  PERDURE_CHECK(gathering_.empty() && sealed_.empty() && !in_flight_,
                "a new epoch begins with nothing to commit");
  writer_ = writer;
  last_batch_ = last_batch;
  begun_ = true;
}

void Batcher::Add(const RunPtr& run, size_t rows, size_t bytes) {
  CommitGroupPtr& group = run->commit.open_group_;
  if (group == nullptr) {
    group = std::make_shared<CommitGroup>();
    group->runs.push_back(run);
    gathering_.push_back(group);
    SealSoon();
  }
  group->rows += rows;
  group->bytes += bytes;
}

void Batcher::Join(const RunPtr& run, const RunPtr& with) {
  const CommitGroupPtr from = run->commit.open_group_;
  const CommitGroupPtr to = with->commit.open_group_;
  PERDURE_CHECK(from != nullptr && to != nullptr, "only runs with something to commit are joined");
  if (from == to) return;
  for (const RunPtr& member : from->runs) {
    member->commit.open_group_ = to;
    to->runs.push_back(member);
  }
  std::move(from->waiting.begin(), from->waiting.end(), std::back_inserter(to->waiting));
  to->rows += from->rows;
  to->bytes += from->bytes;
  TakeFromGathering(from);
}

void Batcher::WhenDurable(const ResidentRun& run, DurableCallback done) {
  if (run.commit.open_group_ != nullptr) {
    run.commit.open_group_->waiting.push_back(std::move(done));
  } else if (run.commit.sealed_group_ != nullptr) {
    run.commit.sealed_group_->waiting.push_back(std::move(done));
  } else {
    std::move(done)(absl::OkStatus());
  }
}

std::vector<CommitGroupPtr> Batcher::TakeAll() {
  std::vector<CommitGroupPtr> all;
  for (Part& part : sealed_) std::move(part.begin(), part.end(), std::back_inserter(all));
  std::move(gathering_.begin(), gathering_.end(), std::back_inserter(all));
  sealed_.clear();
  gathering_.clear();
  for (const CommitGroupPtr& group : all) {
    for (const RunPtr& run : group->runs) {
      run->commit.open_group_ = nullptr;
      run->commit.sealed_group_ = nullptr;
    }
  }
  return all;
}

std::vector<CommitGroupPtr> Batcher::Abandon() {
  std::vector<CommitGroupPtr> all = TakeAll();
  begun_ = false;
  abandoned_ = in_flight_;
  FinishIfIdle();
  return all;
}

void Batcher::Withdraw(const CommitGroupPtr& group) {
  for (const RunPtr& run : group->runs) run->commit.open_group_ = nullptr;
  TakeFromGathering(group);
}

void Batcher::TakeFromGathering(const CommitGroupPtr& group) {
  const auto place = std::find(gathering_.begin(), gathering_.end(), group);
  PERDURE_CHECK(place != gathering_.end(), "a group that gathers is in the queue");
  gathering_.erase(place);
}

void Batcher::WhenIdle(absl::AnyInvocable<void() &&> done) {
  when_idle_.push_back(std::move(done));
  FinishIfIdle();
}

void Batcher::FinishIfIdle() {
  if (!Idle()) return;
  for (auto& done : std::exchange(when_idle_, {})) std::move(done)();
}

void Batcher::SealSoon() {
  if (seal_posted_ || !sealed_.empty()) return;
  seal_posted_ = true;
  // Behind what is already posted: those calls join this commit.
  executor_.Post([this] {
    seal_posted_ = false;
    Seal();
  });
}

void Batcher::Seal() {
  if (!begun_ || in_flight_ || !sealed_.empty() || gathering_.empty()) return;
  Part part;
  size_t rows = 0;
  size_t bytes = 0;
  while (!gathering_.empty()) {
    const CommitGroupPtr next = gathering_.front();
    rows += next->rows;
    bytes += next->bytes;
    if (!part.empty() && (rows > limits::kCommitRows || bytes > limits::kCommitBytes)) break;
    gathering_.pop_front();
    const size_t of_rows = SealGroup(next);
    bytes += of_rows;
    if (!part.empty() && bytes > limits::kCommitBytes) {
      // How much it writes was known only now: it goes behind this commit, as one of its own.
      PushSealed(std::move(part), bytes - next->bytes - of_rows);
      part = {next};
      bytes = next->bytes + of_rows;
      break;
    }
    part.push_back(next);
  }
  PushSealed(std::move(part), bytes);
  CommitFront();
}

size_t Batcher::SealGroup(const CommitGroupPtr& group) {
  size_t bytes = 0;
  for (const RunPtr& run : group->runs) {
    PERDURE_CHECK(run->commit.open_group_ == group && !run->commit.InFlight(),
                  "a run is in one commit in flight at most, by the group that gathered");
    bytes += BytesOf(run->commit.sealed_.emplace(host_.Seal(*run)).write);
    run->commit.open_group_ = nullptr;
    run->commit.sealed_group_ = group;
  }
  return bytes;
}

void Batcher::PushSealed(Part part, size_t bytes) {
  size_t runs = 0;
  for (const CommitGroupPtr& group : part) runs += group->runs.size();
  batch_runs_.Observe(static_cast<double>(runs));
  batch_bytes_.Observe(static_cast<double>(bytes));
  sealed_.push_back(std::move(part));
}

persistence::WriteGroup Batcher::WriteOf(const CommitGroup& group) {
  persistence::WriteGroup rows;
  rows.runs.reserve(group.runs.size());
  for (const RunPtr& run : group.runs) {
    PERDURE_CHECK(run->commit.sealed_.has_value(), "what is committed was sealed");
    const SealedWrite& sealed = *run->commit.sealed_;
    persistence::RunWrite& write = rows.runs.emplace_back(sealed.write);
    if (write.deleted) continue;
    run->tail.CopyRows(run->durable.sequence, sealed.sequence, write.history);
  }
  return rows;
}

void Batcher::CommitFront() {
  persistence::Batch batch{writer_, last_batch_ + 1, {}};
  batch.groups.reserve(sealed_.front().size());
  for (const CommitGroupPtr& group : sealed_.front()) batch.groups.push_back(WriteOf(*group));
  PERDURE_CHECK(begun_ && !in_flight_, "one commit is in flight, of a fenced writer");
  in_flight_ = true;
  sent_ = executor_.Monotonic();
  session_.Commit(std::move(batch), [this](const persistence::CommitResult& result) { OnResult(result); });
}

void Batcher::OnResult(const persistence::CommitResult& result) {
  PERDURE_CHECK(in_flight_, "a commit is answered once");
  in_flight_ = false;
  last_commit_took_ = executor_.Monotonic() - sent_;
  latency_.Observe(last_commit_took_);
  if (std::exchange(abandoned_, false)) {
    FinishIfIdle();
    return;
  }
  switch (result.outcome) {
    case CommitOutcome::kCommitted:
      OnCommitted();
      break;
    case CommitOutcome::kRefused:
      OnRefused(result.message);
      break;
    case CommitOutcome::kFenced:
    case CommitOutcome::kFailed:
    case CommitOutcome::kUnknown:
      host_.Lost(result, last_batch_ + 1);
      return;
  }
  if (!sealed_.empty()) {
    CommitFront();
    return;
  }
  if (!gathering_.empty()) SealSoon();
  FinishIfIdle();
}

void Batcher::OnCommitted() {
  ++last_batch_;
  Part part = std::move(sealed_.front());
  sealed_.pop_front();
  for (const CommitGroupPtr& group : part) {
    for (const RunPtr& run : group->runs) {
      PERDURE_CHECK(run->commit.sealed_group_ == group, "what landed is what was sealed");
      run->commit.sealed_group_ = nullptr;
      host_.Landed(run, *run->commit.sealed_);
      run->commit.sealed_.reset();
    }
  }
  for (const CommitGroupPtr& group : part) {
    for (DurableCallback& done : std::exchange(group->waiting, {})) std::move(done)(absl::OkStatus());
  }
}

void Batcher::OnRefused(const std::string& why) {
  Part part = std::move(sealed_.front());
  sealed_.pop_front();
  if (part.size() == 1) {
    for (const RunPtr& run : part.front()->runs) run->commit.sealed_group_ = nullptr;
    host_.Refused(part.front(), why);
    return;
  }
  const auto middle = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
  sealed_.emplace_front(middle, part.end());
  sealed_.emplace_front(part.begin(), middle);
}

}  // namespace perdure::server
