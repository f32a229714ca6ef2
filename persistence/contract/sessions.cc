// Threads, order and ends.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "persistence/contract/harness.h"

namespace perdure::persistence::contract {

TEST_CASE("store: answers come on the session's executor, never inside the call") {
  auto backend = NewBackend();
  EventLoop home("home");
  std::promise<void> done;
  std::atomic<bool> inside = false;
  std::atomic<bool> wrong = false;
  std::unique_ptr<Session> session;
  home.Post([&] {
    session = backend->store().OpenSession(home);
    inside = true;
    session->Fence(1, [&](absl::StatusOr<FencedWriter> fenced) {
      wrong = wrong || inside || !home.IsCurrent() || !fenced.ok();
      inside = true;
      session->Commit({fenced->writer, 1, {}}, [&](const CommitResult& result) {
        wrong = wrong || inside || !home.IsCurrent() || result.outcome != CommitOutcome::kCommitted;
        session.reset();
        done.set_value();
      });
      inside = false;
    });
    inside = false;
  });
  done.get_future().wait();
  CHECK_FALSE(wrong);
}

TEST_CASE("store: a session's end destroys the callbacks that have not run, on its executor") {
  auto backend = NewBackend();
  EventLoop home("home");
  class Witness {
   public:
    Witness(EventLoop& loop, std::atomic<int>& destroyed) : loop_(loop), destroyed_(destroyed) {}
    ~Witness() { destroyed_ += loop_.IsCurrent() ? 1 : 1000; }

   private:
    EventLoop& loop_;
    std::atomic<int>& destroyed_;
  };
  std::atomic<int> destroyed = 0;
  std::promise<void> ended;
  home.Post([&] {
    auto session = backend->store().OpenSession(home);
    for (int i = 0; i < 10; ++i) {
      session->LoadRuns({{NewRunKey()}}, [held = std::make_unique<Witness>(home, destroyed)](const auto&) {
        FAIL("a callback of a session that has ended");
      });
    }
    session.reset();
    CHECK(destroyed == 10);
    ended.set_value();
  });
  ended.get_future().wait();
}

TEST_CASE("store: a session may end while its batch is under way") {
  auto backend = NewBackend();
  const RunKey key = NewRunKey();
  TestSession observer(backend->store());
  for (int i = 0; i < 5; ++i) {
    TestSession session(backend->store());
    TestWriter writer(session, 1);
    session.StartCommit(writer.Next({FirstWrite(NewRunKey(), NewUuid(), "id")}));
  }
  TestWriter writer(observer, 1);
  CHECK(writer.last_batch <= 5);
  writer.Commit(FirstWrite(key, NewUuid(), "id"));
  CHECK(observer.Load(key).rows.size() == 1);
}

TEST_CASE("store: sessions of several executors work side by side") {
  auto backend = NewBackend();
  constexpr uint32_t kWriters = 4;
  constexpr int kBatches = 25;
  const Uuid space = NewUuid();
  std::vector<std::thread> threads;
  std::atomic<int> committed = 0;
  for (uint32_t id = 1; id <= kWriters; ++id) {
    threads.emplace_back([&, id] {
      TestSession session(backend->store());
      auto fenced = session.Await<absl::StatusOr<FencedWriter>>(
          [=](Session& s, auto done) { s.Fence(id, std::move(done)); });
      if (!fenced.ok()) return;
      for (int i = 1; i <= kBatches; ++i) {
        const RunKey key{id, Uuid{{static_cast<uint8_t>(id), static_cast<uint8_t>(i)}}};
        Batch batch{
            fenced->writer, static_cast<uint64_t>(i), {{{FirstWrite(key, space, std::to_string(i))}}}};
        if (session.Commit(std::move(batch)).outcome == CommitOutcome::kCommitted) ++committed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(committed == kWriters * kBatches);
  TestSession session(backend->store());
  VisibilityQuery all;
  all.namespace_id = space;
  CHECK(session.Count(all) == kWriters * kBatches);
}

}  // namespace perdure::persistence::contract
