// A call that came over our own HTTP/2. It deletes itself once its connection and the handler are both done
// with it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/frontend/call.h"
#include "server/wire/wire_world.h"

namespace perdure::server {

using WireHeaders = std::vector<std::pair<std::string, std::string>>;

// What hears a call's answer, on its connection's loop.
class WireAnswers {
 public:
  virtual ~WireAnswers() = default;
  // The bytes of an answer that is OK are on the account, with those of its prefix.
  virtual void OnAnswer(int32_t stream, absl::StatusOr<ReplyBytes> answer) = 0;
};

// gRPC's prefix of a message.
inline constexpr size_t kMessagePrefix = 5;

class WireCall final : public Call {
 public:
  // Where answers go: null once the connection is gone; the loop's thread only.
  struct Link {
    WireAnswers* answers = nullptr;
  };

  // `deadline` in the clock's monotonic time.
  WireCall(const Method& method, WireWorld& world, std::shared_ptr<WireAccount> account,
           std::shared_ptr<Link> link, int32_t stream, WireHeaders headers,
           std::optional<absl::Duration> deadline);

  std::optional<absl::Duration> TimeLeft() const override;
  std::string_view Header(std::string_view name) const override;

  // For the connection: the client is gone.
  void ClientLeft() { Cancel(); }
  // For the connection: it lets go of the call.
  void Release() { Unref(); }

 private:
  ~WireCall() override;

  void Send(absl::StatusOr<ReplyBytes> answer) override;
  void Ref() override { references_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() override;
  absl::Duration Monotonic() const override { return world_.frontend.executor.Monotonic(); }

  WireWorld& world_;
  const std::shared_ptr<WireAccount> account_;
  const std::shared_ptr<Link> link_;
  const int32_t stream_;
  const WireHeaders headers_;
  const std::optional<absl::Duration> deadline_;
  std::atomic<int> references_{2};  // the handler's and the connection's
};

}  // namespace perdure::server
