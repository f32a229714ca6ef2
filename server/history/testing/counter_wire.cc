#include "server/history/testing/counter_wire.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "server/history/testing/counter_kind.h"

namespace perdure::server::testing {
namespace {

absl::Status NoCounters() { return absl::InvalidArgumentError("nothing that a counter is asked or answers"); }

}  // namespace

std::string CounterWire::EncodeRequest(const engine::Request& request) const {
  if (const auto* add = dynamic_cast<const Add*>(&request)) return absl::StrCat("add ", add->amount);
  if (const auto* give = dynamic_cast<const Give*>(&request)) {
    return absl::StrCat("give ", give->amount, " ", give->to);
  }
  if (const auto* begin = dynamic_cast<const Begin*>(&request)) return absl::StrCat("begin ", begin->to);
  if (const auto* least = dynamic_cast<const AwaitAtLeast*>(&request)) {
    return absl::StrCat("await ", least->value);
  }
  if (dynamic_cast<const Stop*>(&request) != nullptr) return "stop";
  if (dynamic_cast<const RollOver*>(&request) != nullptr) return "roll";
  if (dynamic_cast<const Close*>(&request) != nullptr) return "close";
  PERDURE_CHECK(dynamic_cast<const Look*>(&request) != nullptr, "no request of a counter");
  return "look";
}

absl::StatusOr<engine::RequestPtr> CounterWire::DecodeRequest(std::string_view bytes) const {
  const std::vector<std::string> words =
      absl::StrSplit(absl::string_view(bytes.data(), bytes.size()), absl::MaxSplits(' ', 2));
  int64_t amount = 0;
  const bool has_amount = words.size() > 1 && absl::SimpleAtoi(words[1], &amount);
  if (words[0] == "add" && has_amount) return std::make_unique<Add>(amount);
  if (words[0] == "await" && has_amount) return std::make_unique<AwaitAtLeast>(amount);
  if (words[0] == "give" && has_amount && words.size() == 3) return std::make_unique<Give>(words[2], amount);
  if (words[0] == "begin" && words.size() == 2) return std::make_unique<Begin>(words[1]);
  if (bytes == "stop") return std::make_unique<Stop>();
  if (bytes == "roll") return std::make_unique<RollOver>();
  if (bytes == "close") return std::make_unique<Close>();
  if (bytes == "look") return std::make_unique<Look>();
  return NoCounters();
}

std::string CounterWire::EncodeStart(const engine::StartRequest& start) const { return start.id(); }

absl::StatusOr<std::unique_ptr<engine::StartRequest>> CounterWire::DecodeStart(std::string_view bytes) const {
  return std::make_unique<StartCounter>(std::string(bytes));
}

std::string CounterWire::EncodeReply(const engine::Reply& reply) const {
  const auto& count = dynamic_cast<const Count&>(reply);
  return absl::StrCat(count.value, " ", count.run.ToString());
}

absl::StatusOr<engine::ReplyPtr> CounterWire::DecodeReply(std::string_view bytes) const {
  const std::vector<std::string> words = absl::StrSplit(absl::string_view(bytes.data(), bytes.size()), ' ');
  int64_t value = 0;
  const auto run = words.size() == 2 ? Uuid::Parse(words[1]) : std::nullopt;
  if (!run.has_value() || !absl::SimpleAtoi(words[0], &value)) return NoCounters();
  auto count = std::make_unique<Count>(value);
  count->run = *run;
  return count;
}

}  // namespace perdure::server::testing
