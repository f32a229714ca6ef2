#include "server/history/history_host.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/limits.h"

namespace perdure::server {
namespace {

size_t LoadBytes(const HistoryOptions& options) {
  return std::clamp(options.resident_bytes / limits::kLoadsInResidentBytes, limits::kLeastLoadBytes,
                    limits::kLoadBytes);
}

}  // namespace

HistoryHost::HistoryHost(World world, uint32_t writer_id, std::vector<ShardId> shards, HistoryOptions options)
    : world_(world),
      options_(options),
      metrics_(world.metrics, std::to_string(writer_id)),
      message_metrics_(world.metrics, std::to_string(writer_id)),
      admission_(metrics_.executor_queue(), metrics_.executor_queue_bytes(), metrics_.refused_calls()),
      session_(world.store.OpenSession(world.executor)),
      parts_{world_, options_,  *session_,  metrics_,    cache_,      loader_,  batcher_, horizon_,
             life_,  settings_, residents_, departures_, retirement_, salvage_, rewinds_, duties_,
             steps_, commits_,  calls_,     replies_,    waits_,      messages_},
      life_(parts_, *this, writer_id, std::move(shards)),
      settings_(parts_),
      residents_(parts_),
      departures_(parts_),
      salvage_(parts_),
      rewinds_(parts_),
      steps_(parts_),
      commits_(parts_),
      calls_(parts_),
      replies_(parts_),
      waits_(parts_),
      messages_(parts_, message_metrics_.not_acted_on),
      cache_(options.resident_bytes),
      loader_(world.executor, *session_, residents_, LoadBytes(options), options.load_keys),
      batcher_(world.executor, *session_, commits_, world.metrics),
      retirement_(parts_, metrics_.removals()),
      horizon_(world.executor, *session_, departures_, options.wakes, metrics_.wakes_behind(),
               metrics_.known_wakes()),
      duties_(
          parts_, OwnerId{writer_id},
          [this](const persistence::RunKey& key) {
            steps_.OnRing(key);
            loader_.Resume();
          },
          message_metrics_) {}

HistoryHost::~HistoryHost() = default;

void HistoryHost::Begin(TaskSink& sink, absl::AnyInvocable<void() &&> serving) {
  duties_.Begin(sink);
  life_.Begin(std::move(serving));
}

void HistoryHost::Stop(absl::AnyInvocable<void() &&> done) {
  waits_.Stop();
  life_.Stop();
  departures_.Stop();
  duties_.ForgetAll();
  messages_.End();
  horizon_.Abandon();
  retirement_.Abandon(life_.Serving());
  batcher_.WhenIdle([this, done = std::move(done)]() mutable {
    loader_.Abandon(life_.Serving());
    std::move(done)();
  });
}

void HistoryHost::OnServing(const persistence::FencedWriter& fenced) {
  duties_.BeginSending(fenced);
  messages_.Begin();
  horizon_.Begin(life_.writer_id());
}

void HistoryHost::DropEverything(const absl::Status& why) {
  departures_.ForgetAll();
  commits_.ForgetAll();
  const std::vector<CommitGroupPtr> groups = batcher_.Abandon();
  const std::vector<RunPtr> runs = cache_.RemoveAll();
  duties_.ForgetAll();
  messages_.End();
  horizon_.Abandon();
  loader_.Abandon(why);
  salvage_.Abandon();
  rewinds_.Abandon();
  retirement_.Abandon(why);
  for (const CommitGroupPtr& group : groups) {
    for (DurableCallback& done : std::exchange(group->waiting, {})) std::move(done)(why);
  }
  waits_.Abandon(why);
}

void HistoryHost::Declined(Task task) {
  world_.executor.Post([this, task = std::move(task)] {
    if (life_.HasShards()) duties_.keeper().Declined(task, residents_.Find(task.run).get());
  });
}

void HistoryHost::HasRoom(const QueueKey& queue, size_t room) {
  world_.executor.Post([this, queue, room] {
    ObligationsKeeper& keeper = duties_.keeper();
    if (life_.HasShards()) {
      for (const auto& [key, scheduled_event_id] : keeper.TakeBacklog(queue, room)) {
        if (const RunPtr run = cache_.Find(key); run != nullptr) {
          keeper.Reoffer(*run, queue, scheduled_event_id);
        } else {
          horizon_.Need(key);  // taken up, it offers what it owes
        }
      }
    }
    keeper.ReportBacklog(queue);
  });
}

}  // namespace perdure::server
