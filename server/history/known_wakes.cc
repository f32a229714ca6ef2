#include "server/history/known_wakes.h"

#include <algorithm>

#include "persistence/micros.h"

namespace perdure::server {

absl::Time WakeTimes::Stored(absl::Time at) { return persistence::FromMicros(persistence::ToMicros(at)); }

WakeTimes WakeTimes::Of(const engine::Obligations& obligations, absl::Time since) {
  WakeTimes times;
  for (const engine::Dispatch& dispatch : obligations.dispatches) {
    const absl::Time at = Stored(dispatch.scheduled_time);
    if (!times.dispatch || at < *times.dispatch) times.dispatch = at;
  }
  if (obligations.next_timer) times.timer = Stored(*obligations.next_timer);
  for (const engine::OwedMessage& message : obligations.messages) {
    const absl::Time at = Stored(std::max(message.not_before, since));
    if (!times.message || at < *times.message) times.message = at;
  }
  return times;
}

std::optional<absl::Time> WakeTimes::Earliest() const {
  std::optional<absl::Time> earliest;
  for (const std::optional<absl::Time>& at : {dispatch, timer, message}) {
    if (at && (!earliest || *at < *earliest)) earliest = at;
  }
  return earliest;
}

bool KnownWakes::Contains(const Times& times, absl::Time at) {
  return std::find(times.begin(), times.end(), at) != times.end();
}

void KnownWakes::Suspect(absl::Time at) {
  at = WakeTimes::Stored(at);
  if (!Contains(sure_, at) && !Contains(suspected_, at)) suspected_.push_back(at);
}

void KnownWakes::Trust(absl::Time at) {
  at = WakeTimes::Stored(at);
  suspected_.erase(std::remove(suspected_.begin(), suspected_.end(), at), suspected_.end());
  if (!Contains(sure_, at)) sure_.push_back(at);
}

void KnownWakes::Lower(const WakeTimes& times, persistence::RunWrite& write) {
  const std::optional<absl::Time> earliest = times.Earliest();
  if (!earliest) return;
  for (const absl::Time at : sure_) {
    if (at <= *earliest) return;
  }
  Settle(WakeTimes{earliest, std::nullopt, std::nullopt}, write);
}

bool KnownWakes::Settle(const WakeTimes& times, persistence::RunWrite& write) {
  Times wanted;
  for (const std::optional<absl::Time>& at : {times.dispatch, times.timer, times.message}) {
    if (at && !Contains(wanted, *at)) wanted.push_back(*at);
  }
  bool changed = false;
  for (const absl::Time at : wanted) {
    if (Contains(sure_, at)) continue;
    write.wakes_added.push_back(at);
    changed = true;
  }
  for (const Times* known : {&sure_, &suspected_}) {
    for (const absl::Time at : *known) {
      if (Contains(wanted, at)) continue;
      write.wakes_removed.push_back(at);
      changed = true;
    }
  }
  sure_ = std::move(wanted);
  suspected_.clear();
  return changed;
}

void KnownWakes::RemoveAll(persistence::RunWrite& write) { Settle(WakeTimes{}, write); }

bool KnownWakes::Lags(const WakeTimes& times, absl::Duration slack) const {
  const absl::Time wanted = times.Earliest().value_or(absl::InfiniteFuture());
  auto lags = [&](absl::Time at) { return at + slack < wanted; };
  return std::any_of(sure_.begin(), sure_.end(), lags) ||
         std::any_of(suspected_.begin(), suspected_.end(), lags);
}

bool KnownWakes::Trusts(absl::Time at) const { return Contains(sure_, WakeTimes::Stored(at)); }

}  // namespace perdure::server
