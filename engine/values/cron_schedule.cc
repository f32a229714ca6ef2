#include "engine/values/cron_schedule.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/text.h"
#include "base/time_zone.h"

namespace perdure::engine {
namespace {

constexpr int kYearsAhead = 5;
constexpr size_t kFields = 5;

struct FieldRule {
  int min = 0;
  int max = 0;
  std::array<std::string_view, 12> names = {};  // of the values from min on
};
constexpr FieldRule kMinutes = {0, 59};
constexpr FieldRule kHours = {0, 23};
constexpr FieldRule kDays = {1, 31};
constexpr FieldRule kMonths = {
    1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}};
constexpr FieldRule kWeekdays = {0, 6, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}};

struct Field {
  uint64_t bits = 0;
  bool any = false;  // written as "*" or "?"
};

// Without empty ones.
std::vector<std::string_view> Words(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    words.push_back(text.substr(0, text.find_first_of(separators)));
    text.remove_prefix(words.back().size());
  }
}

// With empty ones: one more than there are separators.
std::vector<std::string_view> Parts(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

constexpr uint64_t Bit(int value) { return uint64_t{1} << static_cast<unsigned>(value); }

std::optional<int> Number(std::string_view text) {
  int value = 0;
  if (!absl::SimpleAtoi(AbslView(text), &value) || value < 0) return std::nullopt;
  return value;
}

std::optional<int> Value(std::string_view text, const FieldRule& rule) {
  const std::string lower = absl::AsciiStrToLower(AbslView(text));
  for (size_t i = 0; i < rule.names.size(); ++i) {
    if (!lower.empty() && rule.names[i] == lower) return rule.min + static_cast<int>(i);
  }
  return Number(text);
}

struct Range {
  int low = 0;
  int high = 0;
  bool any = false;
  bool single = false;  // no "-": with a step, it goes on to the field's end
};

std::optional<Range> ParseRange(std::string_view text, const FieldRule& rule) {
  const std::vector<std::string_view> ends = Parts(text, '-');
  const bool single = ends.size() == 1;
  if (ends[0] == "*" || ends[0] == "?") return Range{rule.min, rule.max, true, single};
  if (ends.size() > 2) return std::nullopt;
  const std::optional<int> low = Value(ends[0], rule);
  const std::optional<int> high = single ? low : Value(ends[1], rule);
  if (!low.has_value() || !high.has_value()) return std::nullopt;
  return Range{*low, *high, false, single};
}

// "1-5/2", "*/10", "7".
std::optional<Field> ParseElement(std::string_view text, const FieldRule& rule) {
  const std::vector<std::string_view> parts = Parts(text, '/');
  if (parts.size() > 2) return std::nullopt;
  std::optional<Range> range = ParseRange(parts[0], rule);
  if (!range.has_value()) return std::nullopt;
  int step = 1;
  if (parts.size() == 2) {
    const std::optional<int> given = Number(parts[1]);
    if (!given.has_value() || *given == 0) return std::nullopt;
    step = *given;
    if (range->single) range->high = rule.max;
    if (step > 1) range->any = false;
  }
  if (range->low < rule.min || range->high > rule.max || range->low > range->high) return std::nullopt;
  Field field{0, range->any};
  for (int64_t value = range->low; value <= range->high; value += step) {
    field.bits |= Bit(static_cast<int>(value));
  }
  return field;
}

std::optional<Field> ParseField(std::string_view text, const FieldRule& rule) {
  Field field;
  for (std::string_view element : Words(text, ",")) {
    const std::optional<Field> parsed = ParseElement(element, rule);
    if (!parsed.has_value()) return std::nullopt;
    field.bits |= parsed->bits;
    field.any = field.any || parsed->any;
  }
  return field;
}

struct Descriptor {
  std::string_view name;
  std::string_view fields;
};
constexpr std::array<Descriptor, 7> kDescriptors = {{{"@yearly", "0 0 1 1 *"},
                                                     {"@annually", "0 0 1 1 *"},
                                                     {"@monthly", "0 0 1 * *"},
                                                     {"@weekly", "0 0 * * 0"},
                                                     {"@daily", "0 0 * * *"},
                                                     {"@midnight", "0 0 * * *"},
                                                     {"@hourly", "0 * * * *"}}};

// In whole seconds, one at least; nullopt when it is no duration.
std::optional<absl::Duration> ParsePeriod(std::string_view text) {
  absl::Duration period;
  if (!absl::ParseDuration(AbslView(text), &period)) return std::nullopt;
  if (absl::AbsDuration(period) > absl::Nanoseconds(std::numeric_limits<int64_t>::max())) return std::nullopt;
  return std::max(absl::Seconds(1), absl::Trunc(period, absl::Seconds(1)));
}

// Takes "CRON_TZ=Zone " off the beginning; false when the zone is not known.
bool TakeZone(std::string_view& text, absl::TimeZone& zone) {
  if (!text.starts_with("CRON_TZ=") && !text.starts_with("TZ=")) return true;
  const size_t end = text.find(' ');
  if (end == std::string_view::npos) return false;
  const size_t begin = text.find('=') + 1;
  const std::optional<absl::TimeZone> found = FindTimeZone(text.substr(begin, end - begin));
  if (!found.has_value()) return false;
  zone = *found;
  text = StdView(absl::StripAsciiWhitespace(AbslView(text.substr(end))));
  return true;
}

absl::Time FloorToSecond(absl::Time time) { return absl::FromUnixSeconds(absl::ToUnixSeconds(time)); }

}  // namespace

std::optional<CronSchedule> CronSchedule::Parse(std::string_view text) {
  constexpr std::string_view kEvery = "@every ";
  CronSchedule schedule;
  if (!TakeZone(text, schedule.zone_)) return std::nullopt;
  if (text.starts_with(kEvery)) {
    const std::optional<absl::Duration> period = ParsePeriod(text.substr(kEvery.size()));
    if (!period.has_value()) return std::nullopt;
    schedule.period_ = *period;
    return schedule;
  }
  for (const Descriptor& descriptor : kDescriptors) {
    if (text == descriptor.name) text = descriptor.fields;
  }
  constexpr std::array<FieldRule, kFields> kRules = {kMinutes, kHours, kDays, kMonths, kWeekdays};
  const std::vector<std::string_view> texts = Words(text, " \t\n\v\f\r");
  if (texts.size() != kFields) return std::nullopt;
  std::array<Field, kFields> fields;
  for (size_t i = 0; i < kFields; ++i) {
    const std::optional<Field> field = ParseField(texts[i], kRules[i]);
    if (!field.has_value()) return std::nullopt;
    fields[i] = *field;
  }
  schedule.minutes_ = fields[0].bits;
  schedule.hours_ = fields[1].bits;
  schedule.days_ = fields[2].bits;
  schedule.months_ = fields[3].bits;
  schedule.weekdays_ = fields[4].bits;
  schedule.any_day_ = fields[2].any || fields[4].any;
  return schedule;
}

std::optional<absl::Time> CronSchedule::Next(const CronTimes& times) const {
  if (period_ > absl::ZeroDuration()) {
    const absl::Time begin = FloorToSecond(times.last_due);
    absl::Duration rest;
    int64_t periods = absl::IDivDuration(std::max(times.now - begin, absl::ZeroDuration()), period_, &rest);
    if (rest > absl::ZeroDuration() || periods == 0) ++periods;
    return begin + periods * period_;
  }
  absl::Time first = std::max(FloorToSecond(times.last_due) + absl::Seconds(1), FloorToSecond(times.now));
  if (first < times.now) first += absl::Seconds(1);
  const absl::CivilDay begin = absl::ToCivilDay(first, zone_);
  for (absl::CivilDay day = begin; day.year() <= begin.year() + kYearsAhead; ++day) {
    if (!MatchesDay(day)) continue;
    if (const std::optional<absl::Time> next = NextInDay(day, first)) return next;
  }
  return std::nullopt;
}

bool CronSchedule::MatchesDay(absl::CivilDay day) const {
  if ((months_ & Bit(day.month())) == 0) return false;
  // absl counts from Monday.
  const int weekday = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;
  const bool of_month = (days_ & Bit(day.day())) != 0;
  const bool of_week = (weekdays_ & Bit(weekday)) != 0;
  return any_day_ ? of_month && of_week : of_month || of_week;
}

std::optional<absl::Time> CronSchedule::NextInDay(absl::CivilDay day, absl::Time from) const {
  const absl::TimeZone::TimeInfo midnight = zone_.At(absl::CivilSecond(day));
  const bool skipped = midnight.kind == absl::TimeZone::TimeInfo::SKIPPED;
  absl::Time at = std::max(skipped ? midnight.trans : midnight.pre, from);
  if (const int second = zone_.At(at).cs.second(); second != 0) at += absl::Seconds(60 - second);
  while (true) {
    const absl::CivilSecond local = zone_.At(at).cs;
    if (absl::CivilDay(local) != day) return std::nullopt;
    if ((hours_ & Bit(local.hour())) == 0) {
      at += absl::Minutes(60 - local.minute());
    } else if ((minutes_ & Bit(local.minute())) == 0) {
      at += absl::Minutes(1);
    } else {
      return at;
    }
  }
}

std::optional<absl::Duration> CronBackoff(std::string_view schedule, const CronTimes& times) {
  const std::optional<CronSchedule> parsed = CronSchedule::Parse(schedule);
  if (!parsed.has_value()) return std::nullopt;
  const std::optional<absl::Time> next = times.now < times.last_due ? times.last_due : parsed->Next(times);
  if (!next.has_value()) return std::nullopt;
  return absl::Ceil(*next - times.now, absl::Seconds(1));
}

}  // namespace perdure::engine
