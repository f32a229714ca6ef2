#include "server/history/call_waiters.h"

#include <utility>

#include "base/limits.h"
#include "server/history/admission.h"

namespace perdure::server {

using persistence::RunKey;

absl::Status CallWaiters::Room(const RunKey& run) const {
  const bool full =
      by_token_.size() >= limits::kCallWaiters || Of(run).size() >= limits::kCallWaitersOfEntity;
  return full ? Overloaded("too many calls wait for what becomes of an execution") : absl::OkStatus();
}

void CallWaiters::Add(uint64_t token, const RunKey& run, engine::RequestPtr request, absl::Duration max_wait,
                      Answer done) {
  by_run_[run].push_back({token, request.get()});
  Caller& caller = by_token_[token];
  caller.run = run;
  caller.request = std::move(request);
  caller.done = std::move(done);
  caller.timer = executor_.RunAfter(max_wait, [this, token] { TakeOne(token)(engine::ReplyPtr()); });
  Show();
}

CallWaiters::Answer CallWaiters::Take(uint64_t token) {
  return by_token_.contains(token) ? TakeOne(token) : nullptr;
}

CallWaiters::Answer CallWaiters::TakeOne(uint64_t token) {
  const auto found = by_token_.find(token);
  const auto others = by_run_.find(found->second.run);
  std::erase_if(others->second, [token](const engine::Waiter& waiter) { return waiter.token == token; });
  if (others->second.empty()) by_run_.erase(others);
  executor_.Cancel(found->second.timer);
  Answer done = std::move(found->second.done);
  by_token_.erase(found);
  Show();
  return done;
}

std::vector<CallWaiters::Answer> CallWaiters::TakeAll(const RunKey& run) {
  std::vector<Answer> all;
  while (!Of(run).empty()) all.push_back(TakeOne(Of(run).front().token));
  return all;
}

std::vector<CallWaiters::Answer> CallWaiters::TakeAll() {
  std::vector<Answer> all;
  while (!by_token_.empty()) all.push_back(TakeOne(by_token_.begin()->first));
  return all;
}

}  // namespace perdure::server
