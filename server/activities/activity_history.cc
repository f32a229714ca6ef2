#include "server/activities/activity_history.h"

#include <memory>

#include "base/check.h"

namespace perdure::server {

namespace activity = engine::activity;

namespace {

// The answer of an activity as the type that its request gets.
template <typename T>
T& As(const engine::ReplyPtr& reply) {
  auto* const of_activity = dynamic_cast<T*>(reply.get());
  PERDURE_CHECK(of_activity != nullptr, "an activity answers with its own replies");
  return *of_activity;
}

}  // namespace

EntityRef ActivityRef(const Uuid& namespace_id, std::string activity_id, std::optional<Uuid> run_id) {
  return {.namespace_id = namespace_id,
          .id = std::move(activity_id),
          .run_id = run_id,
          .kind = activity::kActivityKind};
}

void ActivityHistory::Start(const Uuid& namespace_id, activity::api::StartActivityExecutionRequest request,
                            Callback<activity::StartReply> done) const {
  history_->Start(namespace_id, activity::kActivityKind,
                  std::make_unique<activity::ActivityStartRequest>(std::move(request)),
                  [done = std::move(done)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
                    if (!reply.ok()) return std::move(done)(reply.status());
                    auto* const start =
                        std::get_if<activity::StartReply>(&As<activity::ActivityReply>(*reply).reply);
                    PERDURE_CHECK(start != nullptr, "a start is answered by a StartReply");
                    std::move(done)(std::move(*start));
                  });
}

void ActivityHistory::Execute(EntityRef run, activity::Request request,
                              Callback<activity::Reply> done) const {
  history_->Execute(std::move(run), std::make_unique<activity::ActivityRequest>(std::move(request)),
                    [done = std::move(done)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
                      if (!reply.ok()) return std::move(done)(reply.status());
                      std::move(done)(std::move(As<activity::ActivityReply>(*reply).reply));
                    });
}

void ActivityHistory::Describe(EntityRef run, const activity::api::DescribeActivityExecutionRequest& request,
                               Callback<Described> done) const {
  history_->Read(std::move(run), std::make_unique<activity::DescribeRequest>(request),
                 [done = std::move(done)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
                   if (!reply.ok()) return std::move(done)(reply.status());
                   const auto& described = As<activity::DescribeReply>(*reply);
                   std::move(done)(Described{described.response, described.last_sequence});
                 });
}

uint64_t ActivityHistory::AwaitOutcome(EntityRef run, absl::Duration max_wait, Callback<Outcome> done) const {
  return history_->Ask(std::move(run), std::make_unique<activity::AwaitOutcome>(), max_wait,
                       [done = std::move(done)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
                         if (!reply.ok()) return std::move(done)(reply.status());
                         if (*reply == nullptr) return std::move(done)(Outcome());
                         std::move(done)(As<activity::OutcomeReply>(*reply).response);
                       });
}

uint64_t ActivityHistory::AwaitChange(EntityRef run,
                                      const activity::api::DescribeActivityExecutionRequest& request,
                                      int64_t last_sequence, absl::Duration max_wait,
                                      Callback<std::optional<Described>> done) const {
  return history_->Ask(std::move(run), std::make_unique<activity::AwaitChange>(request, last_sequence),
                       max_wait, [done = std::move(done)](absl::StatusOr<engine::ReplyPtr> reply) mutable {
                         if (!reply.ok()) return std::move(done)(reply.status());
                         if (*reply == nullptr) return std::move(done)(std::nullopt);
                         const auto& described = As<activity::DescribeReply>(*reply);
                         if (described.response->run_id().empty()) return std::move(done)(std::nullopt);
                         std::move(done)(Described{described.response, described.last_sequence});
                       });
}

}  // namespace perdure::server
