#include "bench/load/channel.h"

#include <arpa/inet.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <utility>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

namespace perdure::bench {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr char kFailure[] = "50% of caf\xc3\xa9s\nare shut";

// gRPC's own server. /test/Echo answers what it is sent, /test/Fail fails, /test/Hang waits for a cancel.
class Peer final : public grpc::CallbackGenericService {
 public:
  explicit Peer(int port = 0, const std::vector<std::pair<std::string, int>>& arguments = {}) {
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
    absl::MutexLock lock(&mutex_);
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
    absl::MutexLock lock(&mutex_);
    clients_.insert(context->peer());
    return new Answer(context->method(), cancelled_);
  }

  int port_ = 0;
  std::atomic<int> cancelled_ = 0;
  mutable absl::Mutex mutex_;
  std::set<std::string> clients_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
};

// A port that takes connections and never answers.
class Silence {
 public:
  Silence() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
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

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

Frame ToFrame(const std::string& message) {
  std::string frame(1, '\0');
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(message.size() >> shift);
  return std::make_shared<const std::string>(frame + message);
}

class Caller {
 public:
  explicit Caller(int port) : channel_(loop_, Loopback(port), absl::StrCat("127.0.0.1:", port)) {}
  ~Caller() { loop_.Stop(); }

  void Begin(const std::string& path, const std::string& message, absl::Duration patience,
             Channel::Done done) {
    channel_.Call(path, ToFrame(message), patience, std::move(done));
  }

  absl::Status Call(const std::string& path, const std::string& message, std::string* answer = nullptr,
                    absl::Duration patience = kPatience) {
    absl::Notification over;
    absl::Status result;
    Begin(path, message, patience, [&](const absl::Status& status, std::string_view bytes) {
      result = status;
      if (answer != nullptr) *answer = bytes;
      over.Notify();
    });
    over.WaitForNotification();
    return result;
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
  CHECK(caller.Call("/test/Echo", "hello", &answer).ok());
  CHECK(answer == "hello");
  CHECK(caller.Call("/test/Echo", "", &answer).ok());
  CHECK(answer.empty());
}

TEST_CASE("a message larger than any window passes both ways") {
  const Peer peer;
  Caller caller(peer.port());
  std::string message(40 << 20, '\0');
  for (size_t i = 0; i < message.size(); ++i) message[i] = static_cast<char>(i % 251);
  std::string answer;
  REQUIRE(caller.Call("/test/Echo", message, &answer).ok());
  CHECK((answer == message));
}

TEST_CASE("an error has the server's code and text") {
  const Peer peer;
  Caller caller(peer.port());
  const absl::Status status = caller.Call("/test/Fail", "x");
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(status.message() == kFailure);
}

TEST_CASE("calls wait where the server allows few at a time") {
  const Peer peer(0, {{GRPC_ARG_MAX_CONCURRENT_STREAMS, 2}});
  Caller caller(peer.port());
  constexpr int kCalls = 300;
  absl::BlockingCounter left(kCalls);
  std::atomic<int> right = 0;
  for (int i = 0; i < kCalls; ++i) {
    const std::string text = absl::StrCat("call ", i);
    caller.Begin("/test/Echo", text, kPatience,
                 [&left, &right, text](const absl::Status& status, std::string_view answer) {
                   if (status.ok() && answer == text) ++right;
                   left.DecrementCount();
                 });
  }
  left.Wait();
  CHECK(right == kCalls);
}

TEST_CASE("a deadline ends a call, and the server hears of it") {
  const Peer peer;
  Caller caller(peer.port());
  const absl::Status status = caller.Call("/test/Hang", "", nullptr, absl::Milliseconds(30));
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(caller.Call("/test/Echo", "still there").ok());
  while (peer.cancelled() == 0) absl::SleepFor(absl::Milliseconds(1));
}

TEST_CASE("the deadline is kept by the client too") {
  const Silence silence;
  Caller caller(silence.port());
  const absl::Status status = caller.Call("/test/Echo", "", nullptr, absl::Milliseconds(30));
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("a connection that is lost ends its calls with UNAVAILABLE") {
  const Silence silence;
  Caller caller(silence.port());
  absl::BlockingCounter left(2);
  std::atomic<int> unavailable = 0;
  for (int i = 0; i < 2; ++i) {
    caller.Begin("/test/Echo", "", kPatience, [&](const absl::Status& status, std::string_view) {
      if (absl::IsUnavailable(status)) ++unavailable;
      left.DecrementCount();
    });
  }
  silence.HangUp();
  left.Wait();
  CHECK(unavailable == 2);
}

TEST_CASE("the next call connects again") {
  const int port = Silence().port();
  Caller caller(port);
  CHECK(absl::IsUnavailable(caller.Call("/test/Echo", "refused")));
  CHECK(absl::IsUnavailable(caller.Call("/test/Echo", "in the pause after it")));
  for (int life = 0; life < 2; ++life) {
    const Peer peer(port);
    absl::Status status = caller.Call("/test/Echo", "");
    while (absl::IsUnavailable(status)) status = caller.Call("/test/Echo", "");
    CHECK(status.ok());
  }
}

TEST_CASE("a server that sends its clients away loses no call") {
  const Peer peer(0, {{GRPC_ARG_MAX_CONNECTION_AGE_MS, 20}});
  Caller caller(peer.port());
  while (peer.connections() < 3) REQUIRE(caller.Call("/test/Echo", "").ok());
}

}  // namespace perdure::bench
