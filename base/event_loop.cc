#include "base/event_loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "base/check.h"
#include "base/mutex.h"

namespace perdure {
namespace {

constexpr uint64_t kWakeTag = ~0ULL;
constexpr uint64_t kClockTag = ~0ULL - 1;
constexpr int kEventsPerPoll = 64;

// What Monotonic and RunAfter count by. It goes on while the machine is suspended: a lease that ended
// meanwhile has ended.
constexpr clockid_t kSteadyClock = CLOCK_BOOTTIME;

int64_t ReadClock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Becomes readable when somebody sets the machine's clock, so that RunAt never oversleeps a step forward.
int OpenClockStepDetector() {
  const int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) return -1;
  itimerspec never{};
  never.it_value.tv_sec = int64_t{1} << 40;
  if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) == 0) return fd;
  close(fd);
  return -1;
}

uint32_t EpollMask(EventLoop::Interest interest) {
  return (interest.readable ? uint32_t{EPOLLIN} : 0U) | (interest.writable ? uint32_t{EPOLLOUT} : 0U);
}

// Tasks by due time (nanoseconds), then by the order in which they were made.
class Timers {
 public:
  void Add(int64_t due, EventLoop::TimerId id, EventLoop::Task task) {
    due_of_.emplace(id, due);
    by_due_.emplace(std::pair(due, id), std::move(task));
  }

  EventLoop::Task Take(EventLoop::TimerId id) {
    auto found = due_of_.find(id);
    if (found == due_of_.end()) return nullptr;
    auto entry = by_due_.find(std::pair(found->second, id));
    EventLoop::Task task = std::move(entry->second);
    by_due_.erase(entry);
    due_of_.erase(found);
    return task;
  }

  void CollectDue(int64_t now, std::vector<EventLoop::TimerId>& into) const {
    for (const auto& [key, task] : by_due_) {
      if (key.first > now) break;
      into.push_back(key.second);
    }
  }

  bool empty() const { return by_due_.empty(); }
  int64_t FirstDue() const { return by_due_.begin()->first.first; }

  std::vector<EventLoop::Task> TakeAll() {
    std::vector<EventLoop::Task> all;
    for (auto& [key, task] : by_due_) all.push_back(std::move(task));
    by_due_.clear();
    due_of_.clear();
    return all;
  }

 private:
  absl::btree_map<std::pair<int64_t, EventLoop::TimerId>, EventLoop::Task> by_due_;
  absl::flat_hash_map<EventLoop::TimerId, int64_t> due_of_;
};

struct Watched {
  uint32_t generation = 0;  // tells a stale event from one of a descriptor that was closed and opened again
  EventLoop::WatchCallback callback;
};

}  // namespace

class EventLoop::Impl {
 public:
  explicit Impl(const std::string& name) : random_(NewSystemRandom()) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    clock_step_ = OpenClockStepDetector();
    PERDURE_CHECK(epoll_ >= 0 && wake_ >= 0, "no descriptors left for an event loop");
    AddInternal(wake_, kWakeTag);
    if (clock_step_ >= 0) AddInternal(clock_step_, kClockTag);
    // Signals are the main thread's: it starts the drain.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { Run(); });
    thread_id_ = thread_.get_id();
    pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  ~Impl() {
    Stop();
    if (clock_step_ >= 0) close(clock_step_);
    close(wake_);
    close(epoll_);
  }

  void Stop() {
    if (!thread_.joinable()) return;
    PERDURE_CHECK(!IsCurrent(), "an event loop cannot join itself");
    stopping_ = true;
    Wake();
    thread_.join();
  }

  void Post(Task task) {
    bool wake = false;
    {
      const MutexLock lock(mutex_);
      if (!finished_) {
        inbox_.push_back(std::move(task));
        wake = std::exchange(sleeping_, false);
      }
    }
    if (wake) Wake();
  }

  bool IsCurrent() const { return std::this_thread::get_id() == thread_id_; }

  TimerId AddTimer(bool wall, int64_t due, Task task) {
    PERDURE_CHECK(IsCurrent(), "timers belong to the loop's thread");
    const TimerId id = (next_timer_++ << 1) | (wall ? 1 : 0);
    (wall ? wall_timers_ : monotonic_timers_).Add(due, id, std::move(task));
    return id;
  }

  void Cancel(TimerId id) {
    PERDURE_CHECK(IsCurrent(), "timers belong to the loop's thread");
    TimersOf(id).Take(id);
  }

  Random& random() {
    PERDURE_CHECK(IsCurrent(), "the random source belongs to the loop's thread");
    return *random_;
  }

  void Watch(int fd, Interest interest, WatchCallback callback) {
    PERDURE_CHECK(IsCurrent(), "descriptors are watched on the loop's thread");
    auto [entry, added] = watched_.try_emplace(fd);
    entry->second = std::make_shared<Watched>(Watched{++generation_, std::move(callback)});
    Control(added ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, interest, entry->second->generation);
  }

  void SetInterest(int fd, Interest interest) {
    PERDURE_CHECK(IsCurrent(), "descriptors are watched on the loop's thread");
    auto entry = watched_.find(fd);
    PERDURE_CHECK(entry != watched_.end(), "the descriptor is not watched");
    Control(EPOLL_CTL_MOD, fd, interest, entry->second->generation);
  }

  void Unwatch(int fd) {
    PERDURE_CHECK(IsCurrent(), "descriptors are watched on the loop's thread");
    auto entry = watched_.find(fd);
    if (entry == watched_.end()) return;
    const std::shared_ptr<Watched> keep = std::move(entry->second);  // its callback may be the one running
    watched_.erase(entry);
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  }

 private:
  void AddInternal(int fd, uint64_t tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tag;
    PERDURE_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0,
                  "epoll refuses the loop's own descriptor");
  }

  void Control(int operation, int fd, Interest interest, uint32_t generation) const {
    epoll_event event{};
    event.events = EpollMask(interest);
    event.data.u64 = (uint64_t{generation} << 32) | static_cast<uint32_t>(fd);
    PERDURE_CHECK(epoll_ctl(epoll_, operation, fd, &event) == 0, "epoll refuses a descriptor");
  }

  void Wake() const {
    const uint64_t one = 1;
    // The counter can only be full when a wake-up is already pending.
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
  }

  Timers& TimersOf(TimerId id) { return (id & 1) != 0 ? wall_timers_ : monotonic_timers_; }

  void Run() {
    while (!stopping_) {
      RunPosted();
      RunDueTimers();
      Poll();
    }
    DestroyRest();
  }

  void RunPosted() {
    std::vector<Task> batch;
    {
      const MutexLock lock(mutex_);
      batch.swap(inbox_);
    }
    for (size_t next = 0; next < batch.size(); ++next) {
      Task task = std::move(batch[next]);
      std::move(task)();
      if (stopping_) break;
    }
  }

  void RunDueTimers() {
    std::vector<TimerId> due;
    if (!monotonic_timers_.empty()) monotonic_timers_.CollectDue(ReadClock(kSteadyClock), due);
    if (!wall_timers_.empty()) wall_timers_.CollectDue(ReadClock(CLOCK_REALTIME), due);
    for (const TimerId id : due) {
      Task task = TimersOf(id).Take(id);  // gone when a task before it cancelled it
      if (task) std::move(task)();
    }
  }

  // Milliseconds until the first timer, rounded up; -1 for ever.
  int SleepLimit() const {
    int64_t limit = -1;
    auto lower = [&limit](int64_t due, int64_t now) {
      constexpr int64_t kMillisecond = 1'000'000;
      const int64_t wait =
          due <= now ? 0
                     : (std::min(due - now, int64_t{3600} * 1'000'000'000) + kMillisecond - 1) / kMillisecond;
      if (limit < 0 || wait < limit) limit = wait;
    };
    if (!monotonic_timers_.empty()) lower(monotonic_timers_.FirstDue(), ReadClock(kSteadyClock));
    if (!wall_timers_.empty()) lower(wall_timers_.FirstDue(), ReadClock(CLOCK_REALTIME));
    return static_cast<int>(limit);
  }

  void Poll() {
    int timeout = SleepLimit();
    {
      const MutexLock lock(mutex_);
      if (!inbox_.empty() || stopping_) {
        if (watched_.empty()) return;
        timeout = 0;
      }
      sleeping_ = timeout != 0;
    }
    std::array<epoll_event, kEventsPerPoll> events{};
    const int ready = epoll_wait(epoll_, events.data(), kEventsPerPoll, timeout);
    {
      const MutexLock lock(mutex_);
      sleeping_ = false;
    }
    PERDURE_CHECK(ready >= 0 || errno == EINTR, "epoll_wait failed");
    for (int i = 0; i < ready; ++i) Dispatch(events.at(static_cast<size_t>(i)));
  }

  void Dispatch(const epoll_event& event) {
    if (event.data.u64 == kWakeTag || event.data.u64 == kClockTag) {
      uint64_t count = 0;
      [[maybe_unused]] const ssize_t got =
          read(event.data.u64 == kWakeTag ? wake_ : clock_step_, &count, sizeof(count));
      return;
    }
    auto entry = watched_.find(static_cast<int>(event.data.u64 & 0xffffffff));
    if (entry == watched_.end() || entry->second->generation != event.data.u64 >> 32) return;
    const std::shared_ptr<Watched> watched = entry->second;
    Interest ready;
    ready.readable = (event.events & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
    ready.writable = (event.events & EPOLLOUT) != 0;
    watched->callback(ready);
  }

  // Destructors may post, cancel and unwatch: whatever they add goes as well.
  void DestroyRest() {
    std::vector<Task> posted;
    {
      const MutexLock lock(mutex_);
      finished_ = true;
      posted.swap(inbox_);
    }
    posted.clear();
    for (bool more = true; more;) {
      auto watched = std::exchange(watched_, {});
      std::vector<Task> timers = monotonic_timers_.TakeAll();
      for (Task& task : wall_timers_.TakeAll()) timers.push_back(std::move(task));
      more = !watched.empty() || !timers.empty();
    }
  }

  int epoll_ = -1;
  int wake_ = -1;
  int clock_step_ = -1;
  std::thread thread_;
  std::thread::id thread_id_;

  std::atomic<bool> stopping_ = false;

  Mutex mutex_;
  std::vector<Task> inbox_ ABSL_GUARDED_BY(mutex_);
  bool sleeping_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;

  // The loop's thread only.
  std::unique_ptr<Random> random_;
  Timers monotonic_timers_;
  Timers wall_timers_;
  TimerId next_timer_ = 1;
  absl::flat_hash_map<int, std::shared_ptr<Watched>> watched_;
  uint32_t generation_ = 0;
};

EventLoop::EventLoop(const std::string& name) : impl_(std::make_unique<Impl>(name)) {}
EventLoop::~EventLoop() = default;

void EventLoop::Stop() { impl_->Stop(); }
void EventLoop::Post(Task task) { impl_->Post(std::move(task)); }
absl::Time EventLoop::Now() const { return absl::FromUnixNanos(ReadClock(CLOCK_REALTIME)); }
absl::Duration EventLoop::Monotonic() const { return absl::Nanoseconds(ReadClock(kSteadyClock)); }

EventLoop::TimerId EventLoop::RunAt(absl::Time at, Task task) {
  // Rounded up: never early.
  const int64_t floor = absl::ToUnixNanos(at);
  const int64_t due = absl::FromUnixNanos(floor) < at && floor < INT64_MAX ? floor + 1 : floor;
  return impl_->AddTimer(/*wall=*/true, due, std::move(task));
}

EventLoop::TimerId EventLoop::RunAfter(absl::Duration delay, Task task) {
  const int64_t now = ReadClock(kSteadyClock);
  const int64_t wait = std::max<int64_t>(0, absl::ToInt64Nanoseconds(delay));
  const int64_t due = wait > INT64_MAX - now ? INT64_MAX : now + wait;
  return impl_->AddTimer(/*wall=*/false, due, std::move(task));
}

void EventLoop::Cancel(TimerId timer) { impl_->Cancel(timer); }
Random& EventLoop::random() { return impl_->random(); }
bool EventLoop::IsCurrent() const { return impl_->IsCurrent(); }

void EventLoop::Watch(int fd, Interest interest, WatchCallback callback) {
  impl_->Watch(fd, interest, std::move(callback));
}
void EventLoop::SetInterest(int fd, Interest interest) { impl_->SetInterest(fd, interest); }
void EventLoop::Unwatch(int fd) { impl_->Unwatch(fd); }

}  // namespace perdure
