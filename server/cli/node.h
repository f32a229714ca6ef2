// One server, assembled: store, executors, history, matching, frontend, metrics. The program and whole-system
// tests in C++ make theirs here.
//
// Thread safety: one thread, which is no executor's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/auth/tls_files.h"
#include "server/cli/store_choice.h"
#include "server/cluster/stored_namespaces.h"
#include "server/frontend/api_server.h"
#include "server/frontend/frontend.h"
#include "server/history/history_options.h"

namespace perdure::server {

struct NodeOptions {
  std::string ip = "127.0.0.1";
  int port = 7233;  // 0: a free one
  std::string metrics_ip = "127.0.0.1";
  std::optional<int> metrics_port;  // 0: a free one; nullopt: no metrics endpoint

  std::string health_ip = "127.0.0.1";
  std::optional<int> health_port;  // as metrics_port

  TlsFiles tls;
  Wire wire = Wire::kNghttp2;
  ConnectionTimes connection_times;

  StoreChoice store;
  // Names this server in the lease. The process after one of the same name takes over at once; of two that
  // run at the same time the older loses its place. Empty: each process is another.
  std::string name;
  // Called, on a thread of the server's, when a younger process of the name has taken this one's place: it
  // answers nothing any more and should end.
  std::function<void(const persistence::LeaseAnswer::Other&)> on_name_taken;
  std::string cluster_name = "active";
  std::string token_secret;  // goes into the key of task tokens

  std::vector<std::string> namespaces;  // made at the start if they are missing
  NamespaceDefaults namespace_defaults;
  FrontendSettings frontend;
  absl::Duration namespace_retention = absl::Hours(24);
  SearchAttributeTypes search_attributes;

  size_t history_executors = 0;  // 0: one for two cores; one for SQLite
  HistoryOptions history;
  // Calls between history, matching and frontend pass as the bytes that they would be between nodes.
  bool calls_as_bytes = false;
};

class Node {
 public:
  // Returns when calls are answered. The error says in one line what to do.
  static absl::StatusOr<std::unique_ptr<Node>> Start(NodeOptions options);
  // Ends at once what Drain did not.
  ~Node();

  int port() const;
  std::optional<int> metrics_port() const;
  std::optional<int> health_port() const;

  // Takes no new calls, answers polls empty, finishes the calls in flight and what they decided, and gives
  // the lease back; at the latest after `grace` it ends what is left. False: something did not even end then,
  // and the process should just exit. Called once.
  bool Drain(absl::Duration grace);

 private:
  class Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::server
