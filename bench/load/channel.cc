#include "bench/load/channel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace perdure::bench {
namespace {

constexpr absl::Duration kReconnectPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestTimeout = absl::Milliseconds(99'999'999);  // grpc-timeout has eight digits
constexpr int kLastCode = static_cast<int>(absl::StatusCode::kUnauthenticated);

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) &&
        absl::ascii_isxdigit(text[i + 2])) {
      decoded += absl::HexStringToBytes(absl::string_view(text.data() + i + 1, 2));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

class Channel::UnaryCall final : public H2Stream {
 public:
  UnaryCall(Channel& channel, std::string path, Frame request, absl::Duration deadline, Done done)
      : channel_(channel),
        path_(std::move(path)),
        request_(std::move(request)),
        deadline_(deadline),
        done_(std::move(done)) {}

  const std::string& path() const { return path_; }
  absl::Duration TimeLeft() const {
    return std::max(deadline_ - channel_.loop_.Monotonic(), absl::ZeroDuration());
  }

  // The server keeps the deadline (grpc-timeout), and so does the client, as the server may not answer.
  void Began(H2Connection& connection, int32_t number, absl::Duration time_left) {
    connection_ = &connection;
    number_ = number;
    timer_ = channel_.loop_.RunAfter(time_left, [this] { Expire(); });
  }

  void Fail(const absl::Status& status) { done_(status, {}); }

  std::string_view Body() const override { return *request_; }

  void OnHeader(std::string_view name, std::string_view value) override {
    if (name == "grpc-status") {
      code_ = ParseCode(value);
    } else if (name == "grpc-message") {
      message_ = PercentDecoded(value);
    } else if (name == ":status") {
      http_status_ = value;
    }
  }

  void OnData(std::string_view bytes) override { response_ += bytes; }

  void OnClose(const H2End& end) override {
    channel_.loop_.Cancel(timer_);
    if (end.unseen) {
      return channel_.Begin(
          std::make_unique<UnaryCall>(channel_, path_, request_, deadline_, std::move(done_)));
    }
    const absl::Status status = Result(end.status);
    done_(status, status.ok() ? std::string_view(response_).substr(kFramePrefixBytes) : std::string_view());
  }

 private:
  static int ParseCode(std::string_view text) {
    int code = 0;
    const bool known = absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &code) && code >= 0 &&
                       code <= kLastCode;
    return known ? code : static_cast<int>(absl::StatusCode::kUnknown);
  }

  // A status that the server has sent holds, however the stream ended after it.
  absl::Status Result(const absl::Status& how) const {
    if (code_ < 0 && !how.ok()) return how;
    if (code_ < 0) return absl::UnknownError(absl::StrCat("no grpc-status; HTTP status ", http_status_));
    if (code_ > 0) return {static_cast<absl::StatusCode>(code_), message_};
    return CheckFrame();
  }

  absl::Status CheckFrame() const {
    if (response_.size() < kFramePrefixBytes) return absl::InternalError("OK, but without a message");
    if (response_[0] != 0) return absl::InternalError("the answer is compressed; that was not offered");
    size_t size = 0;
    for (size_t i = 1; i < kFramePrefixBytes; ++i) size = size << 8 | static_cast<uint8_t>(response_[i]);
    if (size != response_.size() - kFramePrefixBytes) return absl::InternalError("not one whole message");
    return absl::OkStatus();
  }

  void Expire() {
    const std::unique_ptr<H2Stream> self = connection_->Cancel(number_);
    Fail(absl::DeadlineExceededError("Deadline Exceeded"));
  }

  Channel& channel_;
  const std::string path_;
  const Frame request_;
  const absl::Duration deadline_;  // in the loop's monotonic time
  Done done_;
  H2Connection* connection_ = nullptr;
  int32_t number_ = 0;
  EventLoop::TimerId timer_ = EventLoop::kNoTimer;
  int code_ = -1;  // none yet
  std::string message_;
  std::string http_status_;
  std::string response_;
};

Channel::Channel(EventLoop& loop, const sockaddr_in& address, std::string authority)
    : loop_(loop), address_(address), authority_(std::move(authority)) {}

Channel::~Channel() = default;

void Channel::Call(std::string path, Frame request, absl::Duration patience, Done done) {
  auto call = std::make_unique<UnaryCall>(*this, std::move(path), std::move(request),
                                          loop_.Monotonic() + patience, std::move(done));
  if (loop_.IsCurrent()) return Begin(std::move(call));
  loop_.Post([this, call = std::move(call)]() mutable { Begin(std::move(call)); });
}

void Channel::Begin(std::unique_ptr<UnaryCall> call) {
  H2Connection* connection = Connection();
  if (connection == nullptr) {
    return loop_.Post([call = std::move(call)] { call->Fail(absl::UnavailableError("connecting failed")); });
  }
  const absl::Duration time_left = call->TimeLeft();
  // Rounded up, so that the server's clock does not run out before ours.
  const absl::Duration millis = absl::Ceil(std::min(time_left, kLongestTimeout), absl::Milliseconds(1));
  const std::string timeout = absl::StrCat(absl::ToInt64Milliseconds(millis), "m");
  const std::array<H2Connection::Header, 8> headers{{{":method", "POST"},
                                                     {":scheme", "http"},
                                                     {":path", call->path()},
                                                     {":authority", authority_},
                                                     {"te", "trailers"},
                                                     {"content-type", "application/grpc"},
                                                     {"user-agent", "perdure-load"},
                                                     {"grpc-timeout", timeout}}};
  UnaryCall& begun = *call;
  const int32_t number = connection->Begin(headers, std::move(call));
  begun.Began(*connection, number, time_left);
}

// One that takes calls, or null in the pause after one that was refused.
H2Connection* Channel::Connection() {
  if (!connections_.empty() && connections_.back()->TakesStreams()) return connections_.back().get();
  if (loop_.Monotonic() < connect_after_) return nullptr;
  connections_.push_back(std::make_unique<H2Connection>(
      loop_, address_, [this](const H2Connection& connection) { Lost(connection); }));
  return connections_.back().get();
}

void Channel::Lost(const H2Connection& connection) {
  if (!connection.established()) connect_after_ = loop_.Monotonic() + kReconnectPause;
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [&connection](const auto& each) { return each.get() == &connection; });
  // It is at work still.
  loop_.Post([gone = std::move(*found)]() mutable { gone.reset(); });
  connections_.erase(found);
}

}  // namespace perdure::bench
