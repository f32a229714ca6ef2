// How a session's answers get home: callbacks wait here, on their executor's thread, and never leave it; a
// store's own threads hold only a Reply, a ticket for one of them. Once the mailbox is closed, replies come
// to nothing, and the executor is no longer touched.
//
// Thread safety: Expect, Listen and Close on the home executor only; a Reply may be sent from any thread, and
// is sent once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "persistence/store.h"

namespace perdure::persistence {

template <typename T>
class Reply;

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  // `observer` may be null; it outlives the mailbox.
  Mailbox(Executor& home, StoreObserver* observer) : home_(&home), executor_(home), observer_(observer) {}

  // `operation` is a constant. The observer learns the time from here until `done` runs.
  template <typename T>
  Reply<T> Expect(std::string_view operation, absl::AnyInvocable<void(T) &&> done) {
    auto slot = std::make_unique<TypedSlot<T>>(operation, executor_.Monotonic(), std::move(done));
    slots_.emplace(next_, std::move(slot));
    return Reply<T>(shared_from_this(), next_++);
  }

  // What to call, on any thread, so that `told` is called at home: any number of times, and never after
  // Close.
  std::function<void()> Listen(absl::AnyInvocable<void()> told);

  // Destroys the callbacks that have not run.
  void Close();

 private:
  template <typename T>
  friend class Reply;

  struct Slot {
    Slot(std::string_view slot_operation, absl::Duration slot_begin)
        : operation(slot_operation), begin(slot_begin) {}
    virtual ~Slot() = default;
    std::string_view operation;
    absl::Duration begin;
  };

  template <typename T>
  struct TypedSlot final : Slot {
    TypedSlot(std::string_view name, absl::Duration start, absl::AnyInvocable<void(T) &&> callback)
        : Slot(name, start), done(std::move(callback)) {}
    absl::AnyInvocable<void(T) &&> done;
  };

  static bool Succeeded(const CommitResult& result) { return result.outcome == CommitOutcome::kCommitted; }
  template <typename T>
  static bool Succeeded(const absl::StatusOr<T>& result) {
    return result.ok();
  }

  template <typename T>
  void Deliver(uint64_t ticket, T value) {
    std::unique_ptr<Slot> slot = Take(ticket, Succeeded(value));
    if (slot) std::move(static_cast<TypedSlot<T>&>(*slot).done)(std::move(value));
  }

  std::unique_ptr<Slot> Take(uint64_t ticket, bool ok);
  void PostHome(Executor::Task task);

  Mutex mutex_;
  Executor* home_ ABSL_GUARDED_BY(mutex_);  // null once closed

  // The home executor's thread only.
  Executor& executor_;
  StoreObserver* observer_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Slot>> slots_;
  absl::AnyInvocable<void()> told_;
  uint64_t next_ = 1;
};

template <typename T>
class Reply {
 public:
  Reply() = default;

  void Send(T value) && {
    Mailbox& mailbox = *mailbox_;
    mailbox.PostHome([mailbox = std::move(mailbox_), ticket = ticket_, value = std::move(value)]() mutable {
      mailbox->template Deliver<T>(ticket, std::move(value));
    });
  }

 private:
  friend class Mailbox;
  Reply(std::shared_ptr<Mailbox> mailbox, uint64_t ticket) : mailbox_(std::move(mailbox)), ticket_(ticket) {}

  std::shared_ptr<Mailbox> mailbox_;
  uint64_t ticket_ = 0;
};

template <typename T>
using ReadReply = Reply<absl::StatusOr<T>>;

}  // namespace perdure::persistence
