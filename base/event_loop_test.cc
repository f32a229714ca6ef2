#include "base/event_loop.h"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace perdure {
namespace {

// Runs `body` on the loop and waits for it.
template <typename Body>
auto On(EventLoop& loop, Body body) {
  std::promise<decltype(body())> done;
  auto result = done.get_future();
  loop.Post([&] { done.set_value(body()); });
  return result.get();
}

struct Pipe {
  Pipe() { REQUIRE(pipe(ends) == 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int ends[2] = {-1, -1};
};

}  // namespace

TEST_CASE("tasks run one at a time in the order in which each thread posted them") {
  EventLoop loop("test");
  constexpr int kThreads = 4;
  constexpr int kTasks = 2000;
  std::vector<std::vector<int>> seen(kThreads);
  std::promise<void> all;
  int left = kThreads * kTasks;  // the loop's thread only
  std::vector<std::thread> posters;
  for (int thread = 0; thread < kThreads; ++thread) {
    posters.emplace_back([&, thread] {
      for (int i = 0; i < kTasks; ++i) {
        loop.Post([&, thread, i] {
          seen[static_cast<size_t>(thread)].push_back(i);
          if (--left == 0) all.set_value();
        });
      }
    });
  }
  all.get_future().wait();
  for (std::thread& poster : posters) poster.join();
  for (const auto& order : seen) {
    REQUIRE(order.size() == kTasks);
    CHECK(std::is_sorted(order.begin(), order.end()));
  }
}

TEST_CASE("a task posted by a task runs after those posted before it") {
  EventLoop loop("test");
  std::vector<int> order;
  std::promise<void> done;
  loop.Post([&] {
    loop.Post([&] { order.push_back(1); });
    loop.Post([&] {
      order.push_back(2);
      done.set_value();
    });
    order.push_back(0);
  });
  done.get_future().wait();
  CHECK(order == std::vector<int>{0, 1, 2});
}

TEST_CASE("only the loop's own thread is current") {
  EventLoop loop("test");
  CHECK_FALSE(loop.IsCurrent());
  CHECK(On(loop, [&] { return loop.IsCurrent(); }));
}

// However late the loop gets to them.
TEST_CASE("timers run in the order of their times, those of one time in the order of their making") {
  EventLoop loop("test");
  std::vector<int> order;
  std::promise<void> done;
  loop.Post([&] {
    const absl::Time now = loop.Now();
    loop.RunAt(now + absl::Milliseconds(20), [&] {
      order.push_back(3);
      done.set_value();
    });
    loop.RunAt(now + absl::Milliseconds(10), [&] { order.push_back(1); });
    loop.RunAt(now + absl::Milliseconds(10), [&] { order.push_back(2); });
    loop.RunAt(now, [&] { order.push_back(0); });
  });
  done.get_future().wait();
  CHECK(order == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("a timer does not wait for one that was made before it and is due later, of either kind") {
  EventLoop loop("test");
  std::vector<int> order;
  std::promise<void> done;
  loop.Post([&] {
    loop.RunAfter(absl::Hours(1), [&] { order.push_back(3); });
    loop.RunAt(loop.Now() + absl::Hours(1), [&] { order.push_back(3); });
    loop.RunAfter(absl::Milliseconds(1), [&] {
      order.push_back(1);
      loop.RunAt(loop.Now() + absl::Milliseconds(1), [&] {
        order.push_back(2);
        done.set_value();
      });
    });
  });
  done.get_future().wait();
  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("a timer is never early") {
  EventLoop loop("test");
  std::promise<bool> wall;
  std::promise<bool> monotonic;
  loop.Post([&] {
    const absl::Time at = loop.Now() + absl::Microseconds(5300);
    loop.RunAt(at, [&, at] { wall.set_value(loop.Now() >= at); });
    const absl::Duration due = loop.Monotonic() + absl::Microseconds(5300);
    loop.RunAfter(absl::Microseconds(5300), [&, due] { monotonic.set_value(loop.Monotonic() >= due); });
  });
  CHECK(wall.get_future().get());
  CHECK(monotonic.get_future().get());
}

TEST_CASE("a cancelled timer's task is destroyed unrun, even by a timer due at the same time") {
  EventLoop loop("test");
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = held;
  std::promise<bool> destroyed;
  loop.Post([&, held = std::move(held)]() mutable {
    auto second = std::make_shared<EventLoop::TimerId>(EventLoop::kNoTimer);
    const absl::Time now = loop.Now();
    loop.RunAt(now, [&, second] {
      loop.Cancel(*second);
      destroyed.set_value(watch.expired());
    });
    *second = loop.RunAt(now, [held = std::move(held)] { FAIL("a cancelled timer ran"); });
    loop.Cancel(EventLoop::kNoTimer);
    loop.Cancel(12345);
  });
  CHECK(destroyed.get_future().get());
}

TEST_CASE("a timer at the end of time does not keep the loop from its work") {
  EventLoop loop("test");
  On(loop, [&] {
    loop.RunAt(absl::InfiniteFuture(), [] { FAIL("eternity has passed"); });
    loop.RunAfter(absl::InfiniteDuration(), [] { FAIL("eternity has passed"); });
    return 0;
  });
  CHECK(On(loop, [] { return 7; }) == 7);
}

TEST_CASE("a watched descriptor is reported while it is ready, until it is unwatched") {
  EventLoop loop("test");
  Pipe pipe;
  std::promise<std::string> got;
  loop.Post([&] {
    loop.Watch(pipe.ends[0], {.readable = true},
               [&, text = std::string()](EventLoop::Interest ready) mutable {
                 if (!ready.readable) return;
                 char byte = 0;  // one a call: level-triggered, so the rest is reported again
                 if (read(pipe.ends[0], &byte, 1) == 1) text.push_back(byte);
                 if (text.size() < 5) return;
                 loop.Unwatch(pipe.ends[0]);  // its own callback may do that
                 got.set_value(text);
               });
  });
  REQUIRE(write(pipe.ends[1], "hello!", 6) == 6);
  CHECK(got.get_future().get() == "hello");
  CHECK(On(loop, [] { return true; }));  // the byte left over is nobody's
}

TEST_CASE("interest can change, and a second watch replaces the first") {
  EventLoop loop("test");
  Pipe pipe;
  std::promise<std::string> got;
  loop.Post([&] {
    loop.Watch(pipe.ends[1], {.writable = false}, [&](EventLoop::Interest) { got.set_value("first"); });
    loop.Watch(pipe.ends[1], {.writable = false}, [&](EventLoop::Interest ready) {
      loop.Unwatch(pipe.ends[1]);
      got.set_value(ready.writable ? "second, writable" : "second");
    });
    loop.SetInterest(pipe.ends[1], {.writable = true});
  });
  CHECK(got.get_future().get() == "second, writable");
}

TEST_CASE("a hang-up is reported as readable") {
  EventLoop loop("test");
  Pipe pipe;
  std::promise<bool> readable;
  loop.Post([&] {
    loop.Watch(pipe.ends[0], {.readable = true}, [&](EventLoop::Interest ready) {
      loop.Unwatch(pipe.ends[0]);
      readable.set_value(ready.readable);
    });
  });
  close(pipe.ends[1]);
  pipe.ends[1] = -1;
  CHECK(readable.get_future().get());
}

namespace {

// Stops a loop while a task runs, at most `ahead` after Stop was called, and another waits. Whether that one
// ran: it may where Stop is slow to begin.
bool RunsWhatWaitsAtStop(std::chrono::milliseconds ahead) {
  std::atomic<bool> ran = false;
  struct Witness {
    EventLoop* loop;
    std::atomic<bool>* ran;
    int* on_thread;
    ~Witness() {
      if (loop->IsCurrent()) ++*on_thread;
      // Destructors may post; it comes to nothing once the loop stops.
      loop->Post([ran = ran] { *ran = true; });
    }
  };
  int on_thread = 0;
  bool finished = false;
  EventLoop loop("test");
  std::promise<void> running;
  std::promise<void> go;
  loop.Post([&] {
    running.set_value();
    go.get_future().wait();
    finished = true;
  });
  running.get_future().wait();
  auto witness = [&] { return std::make_unique<Witness>(Witness{&loop, &ran, &on_thread}); };
  loop.Post([&ran, held = witness()] { ran = true; });
  std::thread stopper([&] { loop.Stop(); });
  std::this_thread::sleep_for(ahead);
  go.set_value();
  stopper.join();
  CHECK(finished);
  CHECK(on_thread == 1);
  loop.Post([] { FAIL("ran after the end"); });
  return ran;
}

}  // namespace

TEST_CASE("stopping lets the running task finish and destroys the rest on the loop's thread") {
  std::chrono::milliseconds ahead(20);
  while (RunsWhatWaitsAtStop(ahead)) ahead *= 2;
}

TEST_CASE("a seeded random source repeats, others differ") {
  CHECK(NewSeededRandom(42)->Next() == NewSeededRandom(42)->Next());
  CHECK(NewSeededRandom(42)->Next() == 0x15780b2e0c2ec716);
  CHECK(NewSeededRandom(42)->Next() != NewSeededRandom(43)->Next());
  CHECK(NewSystemRandom()->Next() != NewSystemRandom()->Next());
}

}  // namespace perdure
