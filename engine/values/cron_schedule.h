// Cron schedules of workflows: when one of them is due next.
//
// Five fields (minute, hour, day of month, month, day of week), each a list of values, ranges ("1-5"), "*" or
// "?", with steps ("*/15"); months and days of the week have names too. Or @yearly, @annually, @monthly,
// @weekly, @daily, @midnight, @hourly, or "@every 90s". In UTC, unless it begins with "CRON_TZ=Asia/Tokyo "
// (or TZ=). As in cron, where day of month and day of week are both restricted, one of them has to match. An
// hour that a clock skips has no times; one that it repeats has them twice.
//
// Plain values; safe anywhere. Time zone data is read as base/time_zone.h says.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace perdure::engine {

struct CronTimes {
  absl::Time last_due;  // of the run before
  absl::Time now;
};

class CronSchedule {
 public:
  // Nullopt when `text` is no schedule.
  static std::optional<CronSchedule> Parse(std::string_view text);

  // The first time later than `last_due` that is not before `now`. Nullopt when there is none within five
  // years.
  std::optional<absl::Time> Next(const CronTimes& times) const;

 private:
  bool MatchesDay(absl::CivilDay day) const;
  // The first matching minute of the day, at `from` or later.
  std::optional<absl::Time> NextInDay(absl::CivilDay day, absl::Time from) const;

  // A bit for each value that matches.
  uint64_t minutes_ = 0;
  uint64_t hours_ = 0;
  uint64_t days_ = 0;
  uint64_t months_ = 0;
  uint64_t weekdays_ = 0;  // 0 is Sunday
  bool any_day_ = false;   // days of the month, or of the week, are not restricted
  absl::Duration period_;  // of @every, counted on from when a run was due; else zero
  absl::TimeZone zone_ = absl::UTCTimeZone();
};

// How long from `now` the next run of a schedule waits, in whole seconds. While `last_due` lies ahead, it
// stands. Nullopt for what is no schedule, or is never due.
std::optional<absl::Duration> CronBackoff(std::string_view schedule, const CronTimes& times);

}  // namespace perdure::engine
