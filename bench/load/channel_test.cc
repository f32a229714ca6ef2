#include "bench/load/channel.h"

#include <arpa/inet.h>
#include <grpc/grpc.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <set>
#include <utility>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/mutex.h"

namespace perdure::bench {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::StatusCode kOk = absl::StatusCode::kOk;
constexpr absl::StatusCode kUnavailable = absl::StatusCode::kUnavailable;
constexpr char kFailure[] = "50% of caf\xc3\xa9s\nare shut";

// gRPC's own server. /test/Echo answers what it is sent, /test/Fail fails, /test/Hang waits for a cancel.
class Peer final : public grpc::CallbackGenericService {
 public:
  explicit Peer(int port = 0, const std::vector<std::pair<std::string, int>>& arguments = {}) {
    // The library stays until the process ends: its own end can wait for ever for a thread that writes.
    static std::once_flag once;
    std::call_once(once, grpc_init);
    grpc::ServerBuilder builder;
    for (const auto& [name, value] : arguments) builder.AddChannelArgument(name, value);
    builder.SetMaxReceiveMessageSize(-1);
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
    REQUIRE(server_ != nullptr);
  }
  ~Peer() override { server_->Shutdown(std::chrono::system_clock::now()); }

  int port() const { return port_; }
  int cancelled() const { return cancelled_; }
  size_t connections() const {
    const MutexLock lock(mutex_);
    return clients_.size();
  }

 private:
  class Answer final : public grpc::ServerGenericBidiReactor {
   public:
    Answer(std::string method, std::atomic<int>& cancelled)
        : method_(std::move(method)), cancelled_(cancelled) {
      StartRead(&message_);
    }
    void OnReadDone(bool /*ok*/) override {
      if (method_ == "/test/Echo") StartWriteAndFinish(&message_, {}, grpc::Status::OK);
      if (method_ == "/test/Fail") Finish({grpc::StatusCode::FAILED_PRECONDITION, kFailure});
    }
    void OnCancel() override {
      if (method_ != "/test/Hang") return;
      ++cancelled_;
      Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    const std::string method_;
    std::atomic<int>& cancelled_;
    grpc::ByteBuffer message_;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    const MutexLock lock(mutex_);
    clients_.insert(context->peer());
    return new Answer(context->method(), cancelled_);
  }

  int port_ = 0;
  std::atomic<int> cancelled_ = 0;
  mutable Mutex mutex_;
  std::set<std::string> clients_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
};

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// A port that takes connections and never answers.
class Silence {
 public:
  Silence() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = Loopback(0);
    REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(listen(fd_, 1) == 0);
    socklen_t size = sizeof(address);
    REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~Silence() { close(fd_); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

  int port() const { return port_; }
  void HangUp() const { close(accept(fd_, nullptr, nullptr)); }

 private:
  const int fd_;
  int port_ = 0;
};

Frame ToFrame(const std::string& message) {
  std::string frame(1, '\0');
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(message.size() >> shift);
  return std::make_shared<const std::string>(frame + message);
}

// In a form that the thread sanitizer can follow from one thread to another.
struct Outcome {
  absl::StatusCode code;
  std::string text;
};

class Caller {
 public:
  explicit Caller(int port) : channel_(loop_, Loopback(port), absl::StrCat("127.0.0.1:", port)) {}
  ~Caller() { loop_.Stop(); }

  // `answer`, where it is wanted, is there when the outcome is.
  std::future<Outcome> Begin(const std::string& path, const std::string& message,
                             std::string* answer = nullptr, absl::Duration patience = kPatience) {
    std::promise<Outcome> promise;
    std::future<Outcome> outcome = promise.get_future();
    channel_.Call(
        path, ToFrame(message), patience,
        [answer, promise = std::move(promise)](const absl::Status& status, std::string_view bytes) mutable {
          if (answer != nullptr) *answer = bytes;
          promise.set_value({status.code(), std::string(status.message())});
        });
    return outcome;
  }

  Outcome Call(const std::string& path, const std::string& message, std::string* answer = nullptr,
               absl::Duration patience = kPatience) {
    return Begin(path, message, answer, patience).get();
  }

  // Until what was begun before is under way.
  void Settle() {
    std::promise<void> done;
    const std::future<void> over = done.get_future();
    loop_.Post([done = std::move(done)]() mutable { done.set_value(); });
    over.wait();
  }

 private:
  EventLoop loop_{"test"};
  Channel channel_;
};

}  // namespace

TEST_CASE("a call brings back its answer") {
  const Peer peer;
  Caller caller(peer.port());
  std::string answer = "?";
  CHECK(caller.Call("/test/Echo", "hello", &answer).code == kOk);
  CHECK(answer == "hello");
  CHECK(caller.Call("/test/Echo", "", &answer).code == kOk);
  CHECK(answer.empty());
}

TEST_CASE("a message larger than any window passes both ways") {
  const Peer peer;
  Caller caller(peer.port());
  std::string message(20 << 20, '\0');
  for (size_t i = 0; i < message.size(); ++i) message[i] = static_cast<char>(i % 251);
  std::string answer;
  REQUIRE(caller.Call("/test/Echo", message, &answer).code == kOk);
  CHECK((answer == message));
}

TEST_CASE("an error has the server's code and text") {
  const Peer peer;
  Caller caller(peer.port());
  const Outcome outcome = caller.Call("/test/Fail", "x");
  CHECK(outcome.code == absl::StatusCode::kFailedPrecondition);
  CHECK(outcome.text == kFailure);
}

TEST_CASE("calls wait where the server allows few at a time") {
  const Peer peer(0, {{GRPC_ARG_MAX_CONCURRENT_STREAMS, 2}});
  Caller caller(peer.port());
  std::vector<std::string> answers(300);
  std::vector<std::future<Outcome>> calls;
  for (size_t i = 0; i < answers.size(); ++i) {
    calls.push_back(caller.Begin("/test/Echo", absl::StrCat("call ", i), &answers[i]));
  }
  for (size_t i = 0; i < answers.size(); ++i) {
    CHECK(calls[i].get().code == kOk);
    CHECK(answers[i] == absl::StrCat("call ", i));
  }
}

TEST_CASE("a deadline ends a call, and the server hears of it") {
  const Peer peer;
  Caller caller(peer.port());
  // One that is over before it was sent is one that the server cannot hear of.
  for (absl::Duration patience = absl::Milliseconds(30); peer.cancelled() == 0; patience *= 2) {
    const Outcome outcome = caller.Call("/test/Hang", "", nullptr, patience);
    CHECK(outcome.code == absl::StatusCode::kDeadlineExceeded);
    CHECK(caller.Call("/test/Echo", "still there").code == kOk);
  }
}

TEST_CASE("the deadline is kept by the client too") {
  const Silence silence;
  Caller caller(silence.port());
  const Outcome outcome = caller.Call("/test/Echo", "", nullptr, absl::Milliseconds(30));
  CHECK(outcome.code == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("a connection that is lost ends its calls with UNAVAILABLE") {
  const Silence silence;
  Caller caller(silence.port());
  std::future<Outcome> one = caller.Begin("/test/Echo", "");
  std::future<Outcome> other = caller.Begin("/test/Echo", "");
  caller.Settle();
  silence.HangUp();
  CHECK(one.get().code == kUnavailable);
  CHECK(other.get().code == kUnavailable);
}

TEST_CASE("the next call connects again") {
  const int port = Silence().port();
  Caller caller(port);
  CHECK(caller.Call("/test/Echo", "refused").code == kUnavailable);
  CHECK(caller.Call("/test/Echo", "in the pause after it").code == kUnavailable);
  for (int life = 0; life < 2; ++life) {
    const Peer peer(port);
    Outcome outcome = caller.Call("/test/Echo", "");
    while (outcome.code == kUnavailable) outcome = caller.Call("/test/Echo", "");
    CHECK(outcome.code == kOk);
  }
}

TEST_CASE("a server that sends its clients away loses no call") {
  const Peer peer(0, {{GRPC_ARG_MAX_CONNECTION_AGE_MS, 20}});
  Caller caller(peer.port());
  while (peer.connections() < 3) REQUIRE(caller.Call("/test/Echo", "").code == kOk);
}

}  // namespace perdure::bench
