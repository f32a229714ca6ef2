#include "server/history/host/duties.h"

#include <utility>

#include "server/history/host/departures.h"
#include "server/history/host/life.h"
#include "server/history/host/message_desk.h"

namespace perdure::server {

HostDuties::HostDuties(const HostParts& parts, OwnerId owner, Alarms::Ring ring, MessageMetrics messages)
    : parts_(parts),
      keeper_(parts.world.executor, owner, std::move(ring)),
      outbox_(parts.world.executor, parts.world.message_clock, parts.messages, messages) {}

void HostDuties::BeginSending(const persistence::FencedWriter& fenced) {
  const std::optional<persistence::Tenure> tenure = parts_.world.lease.Tenure();
  outbox_.Begin({parts_.life.writer_id(), tenure ? tenure->term : 0, fenced.writer.epoch},
                parts_.world.messages);
}

void HostDuties::TakeUp(ResidentRun& run, engine::Obligations obligations) {
  const bool owes = !obligations.messages.empty();
  if (std::exchange(run.owes.messages, owes) || owes) {
    outbox_.Take(run.key, run.namespace_id(), obligations.messages);
  }
  keeper_.Take(run, std::move(obligations));
}

void HostDuties::Refresh(ResidentRun& run) {
  if (run.Durable()) {
    TakeUp(run, run.entity->Owed());
  } else {
    run.owes.stale = true;
  }
}

void HostDuties::OnLanded(ResidentRun& run, engine::Obligations sealed) {
  HoldTimers(run, absl::InfinitePast());
  if (!run.owes.stale) {
    TakeUp(run, std::move(sealed));
  } else if (!run.commit.Gathers()) {
    run.owes.stale = false;
    TakeUp(run, run.entity->Owed());
  }
}

void HostDuties::ForgetAll() {
  keeper_.ForgetAll();
  outbox_.ForgetAll();
}

bool HostDuties::IsBusy(const ResidentRun& run) const { return run.owes.messages && outbox_.IsBusy(run.key); }

void HostDuties::PutDown(ResidentRun& run) {
  keeper_.Forget(run);
  if (run.owes.messages) outbox_.Forget(run.key);
  parts_.departures.ForgetQuiet(run);
}

std::optional<absl::Time> HostDuties::NextOf(const ResidentRun& run) const {
  std::optional<absl::Time> next = ObligationsKeeper::Next(run);
  if (!run.owes.messages) return next;
  const std::optional<absl::Time> attempt = outbox_.NextAttempt(run.key);
  if (attempt && (!next || *attempt < *next)) next = attempt;
  return next;
}

}  // namespace perdure::server
