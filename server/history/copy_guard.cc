#include "server/history/copy_guard.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "base/time.h"

namespace perdure::server {
namespace {

// Places in the order of what was seen, for each message: most are seen twice, when they come and when they
// are answered.
constexpr size_t kPlacesOfOne = 4;

}  // namespace

using perdure::engine::Message;
using perdure::engine::MessageCopy;

std::optional<CopyGuard::Subject> CopyGuard::SubjectOf(const Message& message) {
  int group = message.body_case();
  switch (message.body_case()) {
    case Message::kChildStart:
    case Message::kChildRelease:
    case Message::kParentClosed:
      group = Message::kChildStart;
      break;
    case Message::kExternalSignal:
    case Message::kExternalCancel:
    case Message::kChildEnded:
      break;
    // These change nothing, or say what is so for ever.
    case Message::kChildAsk:
    case Message::kChildCheck:
    case Message::kInboxAsk:
    case Message::kSettled:
    case Message::BODY_NOT_SET:
      return std::nullopt;
  }
  return Subject{group, message.id().origin(), message.id().number()};
}

CopyGuard::Rank CopyGuard::RankOf(const MessageCopy& copy) {
  return {copy.term(), copy.epoch(), copy.attempt()};
}

void CopyGuard::Begin(absl::Time now) {
  End();
  not_before_ = now;
}

void CopyGuard::End() {
  not_before_ = absl::InfiniteFuture();
  order_.clear();
  for (auto& [subject, seen] : std::exchange(seen_, {})) {
    if (seen.next) std::move(seen.next->waiter)(Verdict::kStale);
  }
}

bool CopyGuard::IsOutOfTime(absl::Time sent, absl::Time now) const {
  return sent <= not_before_ || sent < now - limits::kMessageAge || sent > now + limits::kMessageAge;
}

CopyGuard::Verdict CopyGuard::Admit(const MessageCopy& copy, absl::Time now, Waiter waiter) {
  ForgetOld(now);
  const absl::Time sent = FromProto(copy.sent());
  if (IsOutOfTime(sent, now)) {
    not_acted_on_.Add();
    return Verdict::kStale;
  }
  const std::optional<Subject> subject = SubjectOf(copy.message());
  if (!subject) return Verdict::kAct;
  const Rank rank = RankOf(copy);
  const auto [found, is_new] = seen_.try_emplace(*subject);
  Seen& seen = found->second;
  if (!is_new && rank <= seen.rank) {
    not_acted_on_.Add();
    return Verdict::kStale;
  }
  seen.rank = rank;
  seen.sent = std::max(is_new ? sent : seen.sent, sent);
  std::optional<Waiting> outdone;
  Verdict verdict = Verdict::kAct;
  if (seen.deciding) {
    outdone = std::exchange(seen.next, Waiting{rank, std::move(waiter)});
    verdict = Verdict::kWait;
  }
  seen.deciding = true;
  Note(*subject, seen, now);
  if (outdone) {
    not_acted_on_.Add();
    std::move(outdone->waiter)(Verdict::kStale);
  }
  return verdict;
}

void CopyGuard::Finish(const MessageCopy& copy, absl::Time now) {
  const std::optional<Subject> subject = SubjectOf(copy.message());
  if (!subject) return;
  const auto found = seen_.find(*subject);
  PERDURE_CHECK(found != seen_.end() && found->second.deciding, "a copy that was admitted is being decided");
  Seen& seen = found->second;
  std::optional<Waiting> next = std::exchange(seen.next, std::nullopt);
  seen.deciding = next.has_value();
  Note(*subject, seen, now);
  if (next) std::move(next->waiter)(Verdict::kAct);
}

void CopyGuard::Note(const Subject& subject, Seen& seen, absl::Time now) {
  seen.at = now;
  order_.emplace_back(now, subject);
}

void CopyGuard::ForgetOld(absl::Time now) {
  while (!order_.empty()) {
    const auto& [at, subject] = order_.front();
    const auto found = seen_.find(subject);
    const bool newest = found != seen_.end() && found->second.at == at;
    if (newest && found->second.deciding) {
      if (at == now) return;
      const Subject decided = subject;
      order_.pop_front();
      Note(decided, found->second, now);
      continue;
    }
    const bool full = seen_.size() > most_ || order_.size() > kPlacesOfOne * most_;
    if (newest && !full && at + limits::kMessageMemory > now) return;
    if (newest) {
      if (full) not_before_ = std::max(not_before_, found->second.sent);
      seen_.erase(found);
    }
    order_.pop_front();
  }
}

}  // namespace perdure::server
