#include "server/history/testing/counter_lines.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/check.h"

namespace perdure::server::testing {
namespace {

absl::Time LineTime(std::string_view micros) { return absl::FromUnixMicros(LineNumber(micros)); }

using Words = std::vector<std::string>;

// What has a run of its own and what follows on what is told by lines of these verbs.
void FoldStart(const Words& words, CounterState& state) {
  state.namespace_id = LineId(words.at(2));
  state.id = words.at(3);
  state.run_id = LineId(words.at(4));
  state.first_run = LineId(words.at(5));
  state.value = LineNumber(words.at(6));
  state.started = state.last_time;
  if (words.size() > 7) state.follower = Follower{words.at(7), LineId(words.at(8)), LineNumber(words.at(9))};
}

// Of those that the counter begins and follows. False when the verb is none of these.
bool FoldFollowed(const Words& words, CounterState& state) {
  const std::string& verb = words.at(0);
  if (verb == "begin") {
    state.debts[state.next_debt++] = {words.at(2), 0, LineId(words.at(3))};
  } else if (verb == "begun") {
    const auto debt = state.debts.extract(LineNumber(words.at(2)));
    if (!debt.empty()) state.followed[debt.key()] = {debt.mapped().to, *debt.mapped().begins, false};
  } else if (verb == "stop") {
    state.followed.at(LineNumber(words.at(2))).stop_owed = true;
  } else if (verb == "stopped") {
    const auto followed = state.followed.find(LineNumber(words.at(2)));
    if (followed != state.followed.end()) followed->second.stop_owed = false;
  } else if (verb == "ended") {
    // It may have ended before its start was told.
    state.debts.erase(LineNumber(words.at(2)));
    state.followed.erase(LineNumber(words.at(2)));
    state.value += LineNumber(words.at(3));
  } else if (verb == "told") {
    state.owes_end = false;
    state.value = 0;
  } else {
    return false;
  }
  return true;
}

void FoldClose(const Words& words, CounterState& state) {
  const bool rolls_over = words.at(3) == "rolls-over";
  state.closed = state.last_time;
  state.delete_after = LineTime(words.at(2));
  if (rolls_over) state.handed_on = state.value;
  state.owes_end = !rolls_over && state.follower.has_value();
}

}  // namespace

std::string Micros(absl::Time time) { return absl::StrCat(absl::ToUnixMicros(time)); }

int64_t LineNumber(std::string_view text) {
  int64_t number = 0;
  PERDURE_CHECK(absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number),
                "a number in a record");
  return number;
}

Uuid LineId(std::string_view text) {
  const std::optional<Uuid> id = Uuid::Parse(text);
  PERDURE_CHECK(id.has_value(), "an id in a record");
  return *id;
}

std::string StartLine(const CounterState& state) {
  std::string line =
      absl::StrCat("start ", Micros(state.started), " ", state.namespace_id.ToString(), " ", state.id, " ",
                   state.run_id.ToString(), " ", state.first_run.ToString(), " ", state.value);
  if (state.follower) {
    absl::StrAppend(&line, " ", state.follower->id, " ", state.follower->run.ToString(), " ",
                    state.follower->token);
  }
  return line;
}

void FoldLine(const std::string& line, CounterState& state) {
  const Words words = absl::StrSplit(line, ' ');
  const std::string& verb = words.at(0);
  state.last_time = LineTime(words.at(1));
  if (verb == "start") {
    FoldStart(words, state);
  } else if (verb == "add") {
    state.value += LineNumber(words.at(2));
  } else if (verb == "owe") {
    const int64_t amount = LineNumber(words.at(3));
    state.value -= amount;
    state.debts[state.next_debt++] = {words.at(2), amount, std::nullopt};
  } else if (verb == "settled") {
    state.debts.erase(LineNumber(words.at(2)));
  } else if (verb == "returned") {
    const auto debt = state.debts.extract(LineNumber(words.at(2)));
    if (!debt.empty()) state.value += debt.mapped().amount;
  } else if (verb == "got") {
    state.seen[words.at(2)] = words.at(4);
    state.value += LineNumber(words.at(3));
  } else if (verb == "forget") {
    state.seen.erase(words.at(2));
  } else if (verb == "saw") {
    state.seen[words.at(2)] = words.at(3);
  } else if (verb == "close") {
    FoldClose(words, state);
  } else {
    PERDURE_CHECK(FoldFollowed(words, state), "an unknown line");
  }
}

std::string SnapshotText(const CounterState& state) {
  std::vector<std::string> lines = {StartLine(state)};
  for (const auto& [number, debt] : state.debts) {
    lines.push_back(absl::StrCat("debt ", number, " ", debt.to, " ", debt.amount, " ",
                                 debt.begins ? debt.begins->ToString() : "nobody"));
  }
  for (const auto& [token, followed] : state.followed) {
    lines.push_back(absl::StrCat("follows ", token, " ", followed.id, " ", followed.first_run.ToString(), " ",
                                 followed.stop_owed ? 1 : 0));
  }
  for (const auto& [key, sender] : state.seen) lines.push_back(absl::StrCat("seen ", key, " ", sender));
  lines.push_back(absl::StrCat("next ", state.next_debt, " ", state.sequence, " ", Micros(state.last_time)));
  if (state.closed) {
    lines.push_back(absl::StrCat("closed ", Micros(*state.closed), " ", Micros(*state.delete_after), " ",
                                 state.owes_end ? 1 : 0, " ", state.handed_on));
  }
  return absl::StrJoin(lines, "\n");
}

absl::StatusOr<CounterState> StateOfSnapshot(std::string_view snapshot) {
  CounterState state;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(std::string(snapshot), '\n'))) {
    const Words words = absl::StrSplit(line, ' ');
    const std::string& what = words.at(0);
    if (what == "start") {
      FoldLine(line, state);
    } else if (what == "debt") {
      Debt& debt = state.debts[LineNumber(words.at(1))];
      debt = {words.at(2), LineNumber(words.at(3)), Uuid::Parse(words.at(4))};
    } else if (what == "follows") {
      state.followed[LineNumber(words.at(1))] = {words.at(2), LineId(words.at(3)), words.at(4) == "1"};
    } else if (what == "seen") {
      state.seen[words.at(1)] = words.at(2);
    } else if (what == "next") {
      state.next_debt = LineNumber(words.at(1));
      state.sequence = LineNumber(words.at(2));
      state.last_time = LineTime(words.at(3));
    } else if (what == "closed") {
      state.closed = LineTime(words.at(1));
      state.delete_after = LineTime(words.at(2));
      state.owes_end = words.at(3) == "1";
      state.handed_on = LineNumber(words.at(4));
    } else {
      return absl::DataLossError("not a counter");
    }
  }
  return state;
}

}  // namespace perdure::server::testing
