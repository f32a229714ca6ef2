#include "server/wire/wire_budget.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace perdure::server {
namespace {

constexpr std::array<size_t, 2> kOfOne = {limits::kWireRequestBytes, limits::kWireMostAnswerBytes};
constexpr std::array<size_t, 2> kOfAll = {limits::kWireAllRequestBytes, limits::kWireAllAnswerBytes};

}  // namespace

WireAccount::WireAccount(WireBudget& budget, EventLoop& loop, std::string peer, Close close)
    : budget_(budget),
      loop_(loop),
      peer_(std::move(peer)),
      closer_(std::make_shared<Closer>(Closer{std::move(close)})) {
  const MutexLock lock(budget_.mutex_);
  budget_.accounts_.insert(this);
}

WireAccount::~WireAccount() {
  const MutexLock lock(budget_.mutex_);
  budget_.accounts_.erase(this);
  if (doomed_) return;
  for (const Kind kind : {kRequests, kAnswers}) budget_.total_[kind] -= held_[kind];
}

void WireAccount::Add(Kind kind, size_t bytes) {
  if (bytes == 0) return;
  const WireLimit limit = kind == kRequests ? WireLimit::kUnreadRequests : WireLimit::kUnreadAnswers;
  std::string peer;
  {
    const MutexLock lock(budget_.mutex_);
    held_[kind] += bytes;
    if (doomed_) return;
    budget_.total_[kind] += bytes;
    WireAccount* const worst = budget_.Worst(*this, kind);
    if (worst == nullptr) return;
    worst->doomed_ = true;
    for (const Kind each : {kRequests, kAnswers}) budget_.total_[each] -= worst->held_[each];
    peer = worst->peer_;
    worst->loop_.Post([closer = worst->closer_, limit] {
      if (closer->close) std::exchange(closer->close, nullptr)(limit);
    });
  }
  budget_.limits_.Note(limit, peer, "its connection, which held the most, was closed");
}

void WireAccount::Take(Kind kind, size_t bytes) {
  if (bytes == 0) return;
  const MutexLock lock(budget_.mutex_);
  PERDURE_CHECK(held_[kind] >= bytes, "more bytes are taken off an account than it has");
  held_[kind] -= bytes;
  if (!doomed_) budget_.total_[kind] -= bytes;
}

size_t WireAccount::held(Kind kind) const {
  const MutexLock lock(budget_.mutex_);
  return held_[kind];
}

void WireAccount::Leave() { closer_->close = nullptr; }

WireAccount* WireBudget::Worst(WireAccount& last, WireAccount::Kind kind) {
  if (last.held_[kind] > kOfOne.at(kind)) return &last;
  if (total_[kind] <= kOfAll.at(kind)) return nullptr;
  WireAccount* worst = &last;
  for (WireAccount* const account : accounts_) {
    if (!account->doomed() && account->held_[kind] > worst->held_[kind]) worst = account;
  }
  return worst;
}

}  // namespace perdure::server
