#include "persistence/postgres/pg_shared.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "persistence/postgres/statements.h"
#include "persistence/visibility_sql.h"

namespace perdure::persistence {
namespace {

constexpr char kQueryCanceled[] = "57014";
constexpr absl::Duration kControlPause = absl::Milliseconds(500);

// An exchange that waits for other backends' transactions, on the loop.
class BlockedExchange : public std::enable_shared_from_this<BlockedExchange> {
 public:
  static void Submit(PgShared& shared, std::shared_ptr<PgConnection> writer,
                     std::vector<PgStatement> statements, PgConnection::Done done) {
    auto self = std::make_shared<BlockedExchange>(shared, std::move(writer));
    PgConnection& connection = *self->writer_;
    self->Wait();
    connection.Submit(std::move(statements), [self, done = std::move(done)](PgAnswer answer) mutable {
      self->shared_.loop.Cancel(self->timer_);
      std::move(done)(std::move(answer));
    });
  }

  BlockedExchange(PgShared& shared, std::shared_ptr<PgConnection> writer)
      : shared_(shared), writer_(std::move(writer)) {}

 private:
  void Wait() {
    timer_ = shared_.loop.RunAfter(shared_.blocked_fence_limit, [weak = weak_from_this()] {
      if (const std::shared_ptr<BlockedExchange> self = weak.lock()) self->EndBlockers();
    });
  }

  void EndBlockers() {
    const int64_t limit = absl::ToInt64Milliseconds(shared_.blocked_fence_limit);
    shared_.Control().Submit({sql::kEndBlockers.With({PgInt8(limit)})}, [](const PgAnswer&) {});
    Wait();
  }

  PgShared& shared_;
  const std::shared_ptr<PgConnection> writer_;
  Executor::TimerId timer_ = Executor::kNoTimer;
};

// Another one is made while there are fewer than `limit`, and the newest has work.
PgConnection& LeastBusy(std::vector<std::unique_ptr<PgConnection>>& pool, size_t limit, EventLoop& loop,
                        const PgConnection::Options& options) {
  if (pool.size() < limit && (pool.empty() || pool.back()->under_way() > 0)) {
    pool.push_back(std::make_unique<PgConnection>(loop, options));
    return *pool.back();
  }
  return **std::min_element(pool.begin(), pool.end(),
                            [](const auto& a, const auto& b) { return a->under_way() < b->under_way(); });
}

}  // namespace

PgConnection& PgShared::Reader() { return LeastBusy(readers, read_connections, loop, options); }

PgConnection& PgShared::Lister() { return LeastBusy(listers, list_connections, loop, list_options); }

PgConnection& PgShared::Control() {
  if (control == nullptr) {
    control = std::make_unique<PgConnection>(loop, options);
    control->LimitPause(kControlPause);
    control->TellSilence(silence_limit);
    control->Watch(nullptr, [this] { EndPauses(); });
  }
  return *control;
}

void PgShared::EndPauses() {
  std::erase_if(writers, [](const auto& writer) { return writer.expired(); });
  for (const auto& writer : writers) {
    if (const auto connection = writer.lock()) connection->EndPause();
  }
  for (const auto& reader : readers) reader->EndPause();
}

void PgSubmitBlocked(PgShared& shared, std::shared_ptr<PgConnection> writer,
                     std::vector<PgStatement> statements, PgConnection::Done done) {
  BlockedExchange::Submit(shared, std::move(writer), std::move(statements), std::move(done));
}

absl::Status PgStatusOf(const PgAnswer& answer) {
  switch (answer.kind) {
    case PgAnswer::Kind::kDone:
      return absl::OkStatus();
    case PgAnswer::Kind::kError:
      return absl::UnavailableError(absl::StrCat("the store refused an operation (", answer.sqlstate, ")"));
    case PgAnswer::Kind::kNotSent:
    case PgAnswer::Kind::kLost:
      break;
  }
  return absl::UnavailableError("the store does not answer");
}

absl::Status PgStatusOfList(const PgAnswer& answer, absl::Duration limit) {
  const bool stopped = answer.kind == PgAnswer::Kind::kError && answer.sqlstate == kQueryCanceled;
  return stopped ? TookTooLong(limit) : PgStatusOf(answer);
}

void PgTellRefusal(const PgShared& shared, std::string_view operation, const PgAnswer& answer) {
  const bool meant = answer.sqlstate == sql::kDivisionByZero || answer.sqlstate == kPgUniqueViolation ||
                     answer.sqlstate == kQueryCanceled;
  if (answer.kind != PgAnswer::Kind::kError || meant || shared.observer == nullptr) return;
  shared.observer->OnRefusal(operation, answer.message);
}

}  // namespace perdure::persistence
