#include "bench/wire.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "persistence/postgres/statements.h"

namespace perdure::bench {
namespace {

constexpr uint32_t kProtocol3 = 3 << 16;
constexpr size_t kLengthBytes = 4;  // the length counts itself, and not the type before it

// The types of messages (PostgreSQL's manual, "Message Formats").
constexpr char kStartup = '\0';
constexpr char kBind = 'B';
constexpr char kExecute = 'E';
constexpr char kSync = 'S';
constexpr char kTerminate = 'X';
constexpr std::string_view kOthersOfExtended = "PDCH";  // Parse, Describe, Close, Flush
constexpr char kReadyForQuery = 'Z';
constexpr char kErrorResponse = 'E';

struct Message {
  char type;
  std::string_view body;
};

uint32_t ReadInt4(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes.substr(0, kLengthBytes)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

// Takes the first message off; nothing where it is not whole. A startup message has no type.
std::optional<Message> TakeMessage(std::string_view& bytes, bool startup) {
  const size_t type_bytes = startup ? 0 : 1;
  if (bytes.size() < type_bytes + kLengthBytes) return std::nullopt;
  const size_t length = ReadInt4(bytes.substr(type_bytes));
  if (length < kLengthBytes || bytes.size() < type_bytes + length) return std::nullopt;
  const Message message{startup ? kStartup : bytes.front(),
                        bytes.substr(type_bytes + kLengthBytes, length - kLengthBytes)};
  bytes.remove_prefix(type_bytes + length);
  return message;
}

std::string_view TakeString(std::string_view& body) {
  const std::string_view text = body.substr(0, body.find('\0'));
  body.remove_prefix(std::min(body.size(), text.size() + 1));
  return text;
}

std::string OptionsOf(std::string_view startup_parameters) {
  while (!startup_parameters.empty()) {
    const std::string_view name = TakeString(startup_parameters);
    const std::string_view value = TakeString(startup_parameters);
    if (name == "options") return std::string(value);
  }
  return "";
}

bool BindsBatch(std::string_view bind) {
  TakeString(bind);  // the portal
  const std::string_view statement = TakeString(bind);
  return statement == persistence::sql::kAdvance.name ||
         statement == persistence::sql::kAdvanceGeneration.name;
}

}  // namespace

absl::StatusOr<WireStream> ReadWireStream(std::string bytes) {
  WireStream stream;
  std::string_view left = bytes;
  const auto at = [&] { return bytes.size() - left.size(); };
  const auto wrong = [&](std::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("the stream has ", std::string(what), " before byte ", at()));
  };
  const std::optional<Message> startup = TakeMessage(left, /*startup=*/true);
  if (!startup.has_value() || startup->body.size() < kLengthBytes || ReadInt4(startup->body) != kProtocol3) {
    return wrong("no startup message of protocol 3.0");
  }
  stream.options = OptionsOf(startup->body.substr(kLengthBytes));
  WirePart part{.begin = at()};
  while (const std::optional<Message> message = TakeMessage(left, /*startup=*/false)) {
    if (message->type == kTerminate) {
      if (!left.empty()) return wrong("bytes behind its end");
      break;
    }
    if (message->type == kExecute) {
      ++part.executes;
    } else if (message->type == kBind) {
      part.is_batch = part.is_batch || BindsBatch(message->body);
    } else if (message->type == kSync) {
      part.end = at();
      stream.parts.push_back(std::exchange(part, WirePart{.begin = at()}));
    } else if (kOthersOfExtended.find(message->type) == std::string_view::npos) {
      return wrong(absl::StrCat("a message of type ", std::string(1, message->type)));
    }
  }
  if (!left.empty()) return wrong("half a message");
  stream.bytes = std::move(bytes);
  return stream;
}

absl::Status WireAnswers::Take(std::string_view bytes) {
  pending_.append(bytes);
  std::string_view left = pending_;
  while (const std::optional<Message> message = TakeMessage(left, /*startup=*/false)) {
    if (message->type == kReadyForQuery) ++ready_;
    if (message->type != kErrorResponse) continue;
    std::string words;
    for (std::string_view fields = message->body; fields.size() > 1;) {
      absl::StrAppend(&words, words.empty() ? "" : " | ", std::string(TakeString(fields)));
    }
    return absl::AbortedError(absl::StrCat("the database answered: ", words));
  }
  pending_.erase(0, pending_.size() - left.size());
  return absl::OkStatus();
}

}  // namespace perdure::bench
