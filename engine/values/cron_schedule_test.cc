#include "engine/values/cron_schedule.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/time_zone.h"

namespace perdure::engine {
namespace {

absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  INFO(error);
  REQUIRE(absl::ParseTime(absl::RFC3339_full, text, &time, &error));
  return time;
}

std::string NextOf(const std::string& schedule, const std::string& from) {
  const auto parsed = CronSchedule::Parse(schedule);
  REQUIRE(parsed.has_value());
  const auto next = parsed->Next({At(from), At(from)});
  return next.has_value() ? absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", *next, absl::UTCTimeZone()) : "never";
}

TEST_CASE("When a schedule is due next") {
  struct Case {
    const char *schedule, *from, *next;
  };
  // 2026-11-27 is a Friday.
  for (const Case& c : {
           Case{"* * * * *", "2026-11-27T10:15:30Z", "2026-11-27T10:16:00Z"},
           Case{"* * * * *", "2026-11-27T10:15:59.9Z", "2026-11-27T10:16:00Z"},
           Case{"* * * * *", "2026-11-27T10:15:00Z", "2026-11-27T10:16:00Z"},
           Case{"*/20 * * * *", "2026-11-27T10:15:30Z", "2026-11-27T10:20:00Z"},
           Case{"5/20 * * * *", "2026-11-27T10:46:00Z", "2026-11-27T11:05:00Z"},
           Case{"0 12 * * *", "2026-11-27T12:00:00Z", "2026-11-28T12:00:00Z"},
           Case{"30 4 1,15 * 5", "2026-11-27T10:00:00Z", "2026-12-01T04:30:00Z"},  // either of the two
           Case{"30 4 1,15 * ?", "2026-11-27T10:00:00Z", "2026-12-01T04:30:00Z"},
           Case{"30 4 */2 * MON-WED", "2026-11-27T10:00:00Z", "2026-11-29T04:30:00Z"},
           Case{"30 4 * * sun,sat", "2026-11-27T10:00:00Z", "2026-11-28T04:30:00Z"},
           Case{"0 0 29 2 *", "2026-11-27T10:00:00Z", "2028-02-29T00:00:00Z"},
           Case{"0 0 1 jan-feb *", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"},
           Case{"0 0 31 2 *", "2026-11-27T10:00:00Z", "never"},
           Case{", * * * *", "2026-11-27T10:00:00Z", "never"},
           Case{"@hourly", "2026-11-27T10:15:30Z", "2026-11-27T11:00:00Z"},
           Case{"@daily", "2026-11-27T10:15:30Z", "2026-11-28T00:00:00Z"},
           Case{"@weekly", "2026-11-27T10:15:30Z", "2026-11-29T00:00:00Z"},
           Case{"@monthly", "2026-11-27T10:15:30Z", "2026-12-01T00:00:00Z"},
           Case{"@yearly", "2026-11-27T10:15:30Z", "2027-01-01T00:00:00Z"},
           Case{"@every 90s", "2026-11-27T10:15:30.7Z", "2026-11-27T10:17:00Z"},
           Case{"@every 10ms", "2026-11-27T10:15:30.7Z", "2026-11-27T10:15:31Z"},
           Case{"@every 1.9s", "2026-11-27T10:15:30Z", "2026-11-27T10:15:31Z"},
           Case{"  5  4 * * *  ", "2026-11-27T10:15:30Z", "2026-11-28T04:05:00Z"},
       }) {
    INFO(c.schedule << " from " << c.from);
    CHECK(NextOf(c.schedule, c.from) == c.next);
  }
}

TEST_CASE("A schedule in a time zone goes by its clock, also on the days when that is put forward or back") {
  struct Case {
    const char *schedule, *from, *next;
  };
  for (const Case& c : {
           Case{"CRON_TZ=Asia/Tokyo 30 4 * * *", "2026-11-27T10:15:30Z", "2026-11-27T19:30:00Z"},
           Case{"TZ=Asia/Kolkata 0 * * * *", "2026-11-27T10:15:30Z", "2026-11-27T10:30:00Z"},
           Case{"CRON_TZ=Asia/Tokyo @daily", "2026-11-27T10:15:30Z", "2026-11-27T15:00:00Z"},
           // 02:00 becomes 03:00 on 2026-03-08: that day has no half past two.
           Case{"CRON_TZ=America/New_York 30 2 * * *", "2026-03-07T12:00:00Z", "2026-03-09T06:30:00Z"},
           // 02:00 becomes 01:00 on 2026-11-01: half past one comes twice.
           Case{"CRON_TZ=America/New_York 30 1 * * *", "2026-11-01T00:00:00Z", "2026-11-01T05:30:00Z"},
           Case{"CRON_TZ=America/New_York 30 1 * * *", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"},
           // Midnight itself is left out on 2026-04-24.
           Case{"CRON_TZ=Africa/Cairo @daily", "2026-04-23T12:00:00Z", "2026-04-24T21:00:00Z"},
       }) {
    INFO(c.schedule << " from " << c.from);
    CHECK(NextOf(c.schedule, c.from) == c.next);
  }
}

TEST_CASE("What is no schedule") {
  for (const char* text : {"",
                           "nonsense",
                           "* * * *",
                           "* * * * * *",
                           "60 * * * *",
                           "* 24 * * *",
                           "* * 0 * *",
                           "* * 32 * *",
                           "* * * 13 *",
                           "* * * * 7",
                           "5-1 * * * *",
                           "*/0 * * * *",
                           "*/-2 * * * *",
                           "1-2-3 * * * *",
                           "1/2/3 * * * *",
                           "-1 * * * *",
                           "1- * * * *",
                           "* * * feb,nov-13 *",
                           "@every",
                           "@every nonsense",
                           "@every inf",
                           "@never",
                           "CRON_TZ=Nowhere/City * * * * *",
                           "CRON_TZ=Asia/Tokyo",
                           "CRON_TZ=../../etc/passwd * * * * *"}) {
    INFO(text);
    CHECK_FALSE(CronSchedule::Parse(text).has_value());
  }
}

TEST_CASE("A backoff is in whole seconds, and leaves out the times that have passed") {
  const auto backoff = [](const char* schedule, const char* last_due, const char* now) {
    return CronBackoff(schedule, {At(last_due), At(now)});
  };
  CHECK(backoff("@every 10s", "2026-11-27T10:00:00.5Z", "2026-11-27T10:00:01.5Z") == absl::Seconds(9));
  CHECK(backoff("@every 10s", "2026-11-27T10:00:00Z", "2026-11-27T10:00:34.2Z") == absl::Seconds(6));
  CHECK(backoff("@every 10s", "2026-11-27T10:00:00Z", "2026-11-27T10:00:30Z") == absl::ZeroDuration());
  CHECK(backoff("0 * * * *", "2026-11-27T10:00:00Z", "2026-11-27T12:59:59.5Z") == absl::Seconds(1));
  CHECK(backoff("0 * * * *", "2026-11-27T10:00:00Z", "2026-11-27T12:00:00Z") == absl::ZeroDuration());
  // The run was over before it was due.
  CHECK(backoff("@every 1h", "2026-11-27T11:00:00Z", "2026-11-27T10:30:00.5Z") == absl::Seconds(1800));
  CHECK_FALSE(backoff("nonsense", "2026-11-27T10:00:00Z", "2026-11-27T10:00:00Z").has_value());
  CHECK_FALSE(backoff("0 0 31 2 *", "2026-11-27T10:00:00Z", "2026-11-27T10:00:00Z").has_value());
}

}  // namespace
}  // namespace perdure::engine
