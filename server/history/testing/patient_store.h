// A store with threads of its own, SQLite's or PostgreSQL's, under hosts on virtual time: who asks waits in
// his own thread until the database has answered, so that no time passes meanwhile and the order of all that
// happens follows from the seed. Thread safety: as persistence::Store, but all calls on one thread.
#pragma once

#include <functional>
#include <memory>

#include "persistence/store.h"

namespace perdure::server::testing {

class PatientStore final : public persistence::Store {
 public:
  using Open = std::function<std::unique_ptr<persistence::Store>()>;

  // `open` opens the database that holds the rows.
  explicit PatientStore(Open open) : open_(std::move(open)), store_(open_()) {}

  // What a new process does: the handle is dropped, and another one opened. REQUIRES: no session is open.
  void Reopen();

  std::unique_ptr<persistence::Session> OpenSession(Executor& home) override;

 private:
  class Session;
  const Open open_;
  std::unique_ptr<persistence::Store> store_;
};

}  // namespace perdure::server::testing
