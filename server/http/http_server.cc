#include "server/http/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cerrno>
#include <list>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/notification.h"
#include "server/net/listener.h"

namespace perdure::server {
namespace {

namespace http = boost::beast::http;

std::string_view Phrase(int status) {
  const auto text = http::obsolete_reason(static_cast<http::status>(status));
  return {text.data(), text.size()};
}

std::string Head(const HttpAnswer& answer) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nCache-Control: no-store\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n",
      answer.status, Phrase(answer.status), answer.content_type, answer.body.size());
}

HttpAnswer Refusal(int status) { return {.status = status, .body = fmt::format("{}\n", Phrase(status))}; }

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const std::string& name, std::unique_ptr<Listener> listener, LimitsSeen* limits, Handler handler)
      : handler_(std::move(handler)), limits_(limits), listener_(std::move(listener)), loop_(name) {
    loop_.Post([this] {
      listener_->Begin(
          loop_, [this](int fd, std::string peer) { Take(fd, std::move(peer)); },
          [this] { Note(WireLimit::kDescriptors, "", "a probe waits to be taken"); });
    });
  }
  ~Impl() {
    loop_.Stop();
    for (const Connection& connection : connections_) close(connection.fd);
  }

  int port() const { return listener_->port(); }

 private:
  struct Connection {
    int fd;
    std::string peer;
    http::request_parser<http::empty_body> parser;
    std::string in;   // not yet parsed
    std::string out;  // the rest of the answer
    bool answered = false;
    Executor::TimerId timer = Executor::kNoTimer;
  };
  using Place = std::list<Connection>::iterator;

  void Note(WireLimit kind, std::string_view peer, std::string_view what) {
    if (limits_ != nullptr) limits_->Note(kind, peer, what);
  }

  void Take(int fd, std::string peer) {
    if (connections_.size() == limits::kHttpConnections) {
      Note(WireLimit::kProbeRequests, connections_.front().peer, "the oldest connection was closed");
      End(connections_.begin());
    }
    connections_.emplace_back();
    const Place place = std::prev(connections_.end());
    place->fd = fd;
    place->peer = std::move(peer);
    place->parser.header_limit(limits::kHttpRequestBytes);
    place->parser.body_limit(0);
    place->timer = loop_.RunAfter(limits::kHttpArrival, [this, place] {
      place->timer = Executor::kNoTimer;
      Note(WireLimit::kProbeRequests, place->peer, "the connection was closed: too slow");
      End(place);
    });
    loop_.Watch(fd, {.readable = true}, [this, place](EventLoop::Interest) { OnReady(place); });
  }

  void OnReady(Place place) {
    if (place->answered) return Write(place);
    std::array<char, 4096> chunk;
    const ssize_t count = recv(place->fd, chunk.data(), chunk.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return End(place);
    place->in.append(chunk.data(), static_cast<size_t>(count));
    boost::beast::error_code error;
    const size_t taken = place->parser.put(boost::asio::buffer(place->in), error);
    place->in.erase(0, taken);
    if (error == http::error::need_more) return;
    if (error == http::error::header_limit) {
      Note(WireLimit::kProbeRequests, place->peer, "the request was refused: too long");
      return Answer(place, Refusal(431));
    }
    if (error) return Answer(place, Refusal(error == http::error::body_limit ? 413 : 400));
    if (place->parser.is_done()) Answer(place, handler_(RequestOf(place->parser.get())));
  }

  static HttpRequest RequestOf(const http::request<http::empty_body>& request) {
    const std::string target(request.target().data(), request.target().size());
    const auto method = request.method_string();
    return {.method = {method.data(), method.size()}, .path = target.substr(0, target.find('?'))};
  }

  void Answer(Place place, const HttpAnswer& answer) {
    place->answered = true;
    place->out = Head(answer) + answer.body;
    Write(place);
  }

  void Write(Place place) {
    const ssize_t count = send(place->fd, place->out.data(), place->out.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return End(place);
    if (count > 0) place->out.erase(0, static_cast<size_t>(count));
    if (place->out.empty()) return End(place);
    loop_.SetInterest(place->fd, {.writable = true});
  }

  void End(Place place) {
    loop_.Cancel(place->timer);
    loop_.Unwatch(place->fd);
    // What the client has sent beyond its request would make close a reset, which overtakes the answer.
    shutdown(place->fd, SHUT_WR);
    std::array<char, 4096> rest;
    while (recv(place->fd, rest.data(), rest.size(), MSG_DONTWAIT) > 0) {
    }
    close(place->fd);
    connections_.erase(place);
  }

  const Handler handler_;
  LimitsSeen* const limits_;
  std::unique_ptr<Listener> listener_;
  std::list<Connection> connections_;  // the oldest first
  EventLoop loop_;                     // ends before what it works on
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Listen(const std::string& name, const std::string& ip,
                                                               int port, LimitsSeen* limits,
                                                               Handler handler) {
  auto listener = Listener::Open(ip, port);
  if (!listener.ok()) return listener.status();
  return std::unique_ptr<HttpServer>(
      new HttpServer(std::make_unique<Impl>(name, *std::move(listener), limits, std::move(handler))));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

int HttpServer::port() const { return impl_->port(); }

}  // namespace perdure::server
