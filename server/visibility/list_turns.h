// Whose turn it is to list: so many lists and counts run at a time, and so many of one namespace; the others
// wait in line, the namespaces by turns, so that one that floods the server keeps none of the others waiting.
//
// Lives on one executor; callbacks run there. Errors: RESOURCE_EXHAUSTED for a list that would wait in too
// long a line of its namespace, or has waited for too long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/limits.h"

namespace perdure::server {

class ListTurns {
 public:
  struct Options {
    size_t running = 2;         // at a time
    size_t running_of_one = 1;  // of one namespace
    size_t waiting_of_one = limits::kWaitingLists;
    absl::Duration patience = limits::kListWait;
  };

  ListTurns(Executor& executor, Options options) : executor_(executor), options_(options) {}
  ~ListTurns();
  ListTurns(const ListTurns&) = delete;
  ListTurns& operator=(const ListTurns&) = delete;

  // Runs `turn` with OK when it has come, at once perhaps, or with the error. Each turn that came is ended by
  // one Leave.
  using Turn = absl::AnyInvocable<void(const absl::Status&) &&>;
  void Enter(const Uuid& name_space, Turn turn);
  void Leave(const Uuid& name_space);

  size_t running() const { return running_; }
  size_t waiting() const { return line_.size(); }

 private:
  struct Waiting {
    Uuid name_space;
    uint64_t round = 0;  // those of a lower one are served first
    Turn turn;
    Executor::TimerId timer = Executor::kNoTimer;
  };
  struct Counts {
    size_t running = 0;
    size_t waiting = 0;
    uint64_t last_round = 0;  // of its newest in line
  };

  void Run(const Uuid& name_space, Turn turn);
  void ServeLine();
  void Expire(std::list<Waiting>::iterator waiting);
  void ForgetIfIdle(const Uuid& name_space);

  Executor& executor_;
  const Options options_;
  size_t running_ = 0;
  uint64_t round_ = 0;  // that is being served
  // By round, and within one by arrival: a namespace has one list in each.
  std::list<Waiting> line_;
  absl::flat_hash_map<Uuid, Counts> counts_;  // of namespaces that run or wait
};

}  // namespace perdure::server
