#include "base/notification.h"

#include <catch2/catch.hpp>
#include <memory>

#include "base/event_loop.h"

namespace perdure {
namespace {

TEST_CASE("a notification is waited for, and what was written before it is seen") {
  EventLoop loop("other");
  Notification happened;
  int written = 0;
  loop.Post([&] {
    written = 7;
    happened.Notify();
  });
  happened.WaitForNotification();
  CHECK(happened.HasBeenNotified());
  CHECK(written == 7);
}

TEST_CASE("a wait for what does not happen ends in time") {
  const Notification never;
  CHECK_FALSE(never.WaitForNotificationWithTimeout(absl::Milliseconds(5)));
  CHECK_FALSE(never.HasBeenNotified());
}

TEST_CASE("a wait with a timeout returns at once where it has happened") {
  Notification happened;
  happened.Notify();
  CHECK(happened.WaitForNotificationWithTimeout(absl::ZeroDuration()));
  CHECK(happened.WaitForNotificationWithTimeout(absl::Hours(1)));
}

TEST_CASE("whoever was told may destroy the notification at once") {
  EventLoop loop("other");
  for (int i = 0; i < 1000; ++i) {
    auto happened = std::make_unique<Notification>();
    loop.Post([&notification = *happened] { notification.Notify(); });
    happened->WaitForNotification();
  }
}

}  // namespace
}  // namespace perdure
