#include "server/history/testing/patient_store.h"

#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "base/event_loop.h"

namespace perdure::server::testing {

class PatientStore::Session final : public persistence::Session {
 public:
  template <typename T>
  using Callback = persistence::Callback<T>;

  Session(persistence::Store& store, Executor& home) : loop_("patient"), home_(home) {
    Do([&] { session_ = store.OpenSession(loop_); });
  }
  ~Session() override {
    Do([&] { session_.reset(); });
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void ActFor(const std::optional<persistence::Tenure>& tenure) override {
    Do([&] { session_->ActFor(tenure); });
  }
  // The tests end no connection.
  void OnDisconnect(absl::AnyInvocable<void()>) override {
    Do([&] { session_->OnDisconnect([] {}); });
  }
  void Fence(uint32_t writer_id, Callback<persistence::FencedWriter> done) override {
    Ask(std::move(done), [&](auto answer) { session_->Fence(writer_id, std::move(answer)); });
  }
  void AskWriter(uint32_t writer_id, Callback<persistence::FencedWriter> done) override {
    Ask(std::move(done), [&](auto answer) { session_->AskWriter(writer_id, std::move(answer)); });
  }
  void TakeShards(const persistence::Writer& writer, std::vector<ShardId> shards,
                  Callback<bool> done) override {
    Ask(std::move(done),
        [&](auto answer) { session_->TakeShards(writer, std::move(shards), std::move(answer)); });
  }
  void Commit(persistence::Batch batch,
              absl::AnyInvocable<void(persistence::CommitResult) &&> done) override {
    persistence::CommitResult result = Wait<persistence::CommitResult>(
        [&](auto answer) { session_->Commit(std::move(batch), std::move(answer)); });
    home_.Post([done = std::move(done), result = std::move(result)]() mutable {
      std::move(done)(std::move(result));
    });
  }
  void LoadRuns(persistence::LoadQuery query, Callback<std::vector<persistence::StoredRun>> done) override {
    Ask(std::move(done), [&](auto answer) { session_->LoadRuns(std::move(query), std::move(answer)); });
  }
  void FindCurrentRuns(std::vector<persistence::EntityKey> keys,
                       Callback<std::vector<std::optional<Uuid>>> done) override {
    Ask(std::move(done), [&](auto answer) { session_->FindCurrentRuns(std::move(keys), std::move(answer)); });
  }
  void ReadHistory(persistence::HistoryQuery query,
                   Callback<std::vector<persistence::HistoryRow>> done) override {
    Ask(std::move(done), [&](auto answer) { session_->ReadHistory(query, std::move(answer)); });
  }
  void ReadWakes(persistence::WakeQuery query, Callback<std::vector<persistence::WakeRow>> done) override {
    Ask(std::move(done), [&](auto answer) { session_->ReadWakes(query, std::move(answer)); });
  }
  void ListExecutions(persistence::VisibilityQuery query,
                      Callback<persistence::VisibilityPage> done) override {
    Ask(std::move(done), [&](auto answer) { session_->ListExecutions(std::move(query), std::move(answer)); });
  }
  void CountExecutions(persistence::VisibilityQuery query,
                       Callback<std::vector<persistence::CountGroup>> done) override {
    Ask(std::move(done),
        [&](auto answer) { session_->CountExecutions(std::move(query), std::move(answer)); });
  }
  void RenewLease(const persistence::NodeRow& node, absl::Duration duration,
                  Callback<persistence::LeaseAnswer> done) override {
    Ask(std::move(done), [&](auto answer) { session_->RenewLease(node, duration, std::move(answer)); });
  }
  void EndLease(const Uuid& incarnation, Callback<bool> done) override {
    Ask(std::move(done), [&](auto answer) { session_->EndLease(incarnation, std::move(answer)); });
  }
  void PutNamespace(persistence::NamespaceRow row, int64_t expected_version, Callback<bool> done) override {
    Ask(std::move(done),
        [&](auto answer) { session_->PutNamespace(std::move(row), expected_version, std::move(answer)); });
  }
  void RemoveNamespace(const Uuid& id, int64_t expected_version, Callback<bool> done) override {
    Ask(std::move(done),
        [&](auto answer) { session_->RemoveNamespace(id, expected_version, std::move(answer)); });
  }
  void ListNamespaces(Callback<std::vector<persistence::NamespaceRow>> done) override {
    Ask(std::move(done), [&](auto answer) { session_->ListNamespaces(std::move(answer)); });
  }
  void ClusterId(const Uuid& candidate, Callback<Uuid> done) override {
    Ask(std::move(done), [&](auto answer) { session_->ClusterId(candidate, std::move(answer)); });
  }

 private:
  // `ask` is given the callback; both run on the session's loop. That holds the promise too: who waits may go
  // on while it is still being kept.
  template <typename Answer, typename Call>
  Answer Wait(Call ask) {
    const auto promise = std::make_shared<std::promise<Answer>>();
    std::future<Answer> future = promise->get_future();
    loop_.Post([&ask, promise] { ask([promise](Answer answer) { promise->set_value(std::move(answer)); }); });
    return future.get();
  }
  template <typename T, typename Call>
  void Ask(Callback<T> done, Call ask) {
    home_.Post([done = std::move(done), answer = Wait<absl::StatusOr<T>>(std::move(ask))]() mutable {
      std::move(done)(std::move(answer));
    });
  }
  template <typename Call>
  void Do(Call call) {
    Wait<bool>([&call](const auto& done) {
      call();
      done(true);
    });
  }

  EventLoop loop_;
  Executor& home_;
  std::unique_ptr<persistence::Session> session_;
};

void PatientStore::Reopen() {
  store_.reset();
  store_ = open_();
}

std::unique_ptr<persistence::Session> PatientStore::OpenSession(Executor& home) {
  return std::make_unique<Session>(*store_, home);
}

}  // namespace perdure::server::testing
