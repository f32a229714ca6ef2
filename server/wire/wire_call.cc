#include "server/wire/wire_call.h"

namespace perdure::server {

WireCall::WireCall(const Method& method, WireWorld& world, std::shared_ptr<WireAccount> account,
                   std::shared_ptr<Link> link, int32_t stream, WireHeaders headers,
                   std::optional<absl::Duration> deadline)
    : Call(method, world.observer, world.frontend.executor.Monotonic()),
      world_(world),
      account_(std::move(account)),
      link_(std::move(link)),
      stream_(stream),
      headers_(std::move(headers)),
      deadline_(deadline) {
  world_.live.Begin();
}

WireCall::~WireCall() = default;

std::optional<absl::Duration> WireCall::TimeLeft() const {
  if (!deadline_) return std::nullopt;
  return *deadline_ - Monotonic();
}

std::string_view WireCall::Header(std::string_view name) const {
  for (const auto& [its_name, value] : headers_) {
    if (its_name == name) return value;
  }
  return {};
}

void WireCall::Send(absl::StatusOr<ReplyBytes> answer) {
  if (answer.ok()) {
    const size_t size = answer->size() + kMessagePrefix;
    world_.sizes.Saw(method(), size);
    // On the account from here on, and not only when the loop comes to it: many threads answer at once.
    account_->Add(WireAccount::kAnswers, size);
    if (account_->doomed()) {
      account_->Take(WireAccount::kAnswers, size);
      return;
    }
  }
  account_->loop().Post(
      [link = link_, account = account_, stream = stream_, answer = std::move(answer)]() mutable {
        if (link->answers != nullptr) return link->answers->OnAnswer(stream, std::move(answer));
        if (answer.ok()) account->Take(WireAccount::kAnswers, answer->size() + kMessagePrefix);
      });
}

void WireCall::Unref() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  LiveCalls& live = world_.live;
  delete this;
  live.End();
}

}  // namespace perdure::server
