#include "server/history/namespace_emptier.h"

#include <algorithm>
#include <utility>

#include "base/log_fields.h"
#include "base/text.h"
#include "base/time.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

NamespaceEmptier::NamespaceEmptier(World world, Options options)
    : world_(world),
      options_(options),
      emptying_(world.metrics.gauge("perdure_namespaces_emptying", {})),
      asked_(world.metrics.counter("perdure_namespace_removals", {})),
      removed_(world.metrics.counter("perdure_namespaces_removed", {})) {}

void NamespaceEmptier::Stop() {
  stopped_ = true;
  waiting_.clear();
}

void NamespaceEmptier::Look() {
  if (stopped_) return;
  const std::shared_ptr<const NamespaceSnapshot> known = world_.namespaces.Snapshot();
  known->leaving.ForEach([this](const Uuid& id, const NamespacePtr&) {
    const bool is_new = passes_.try_emplace(id, Pass{.after = std::nullopt, .pause = options_.pause}).second;
    if (is_new) waiting_.push_back(id);
  });
  emptying_.Set(static_cast<double>(passes_.size()));
  Turn();
  world_.executor.RunAfter(options_.look, [this] { Look(); });
}

void NamespaceEmptier::Turn() {
  if (busy_ || waiting_.empty()) return;
  const Uuid id = waiting_.front();
  waiting_.pop_front();
  const auto found = passes_.find(id);
  if (found == passes_.end()) return Turn();
  if (!world_.namespaces.Snapshot()->by_id.Contains(id)) {  // another node removed it
    passes_.erase(found);
    return Turn();
  }
  busy_ = true;
  persistence::VisibilityQuery query;
  query.namespace_id = id;
  query.kind = world_.kinds.lines()[found->second.kind].kind->number();
  query.page_size = options_.page;
  query.after = found->second.after;
  world_.session.ListExecutions(std::move(query),
                                [this, id](const absl::StatusOr<persistence::VisibilityPage>& page) {
                                  if (!stopped_) OnPage(id, page);
                                });
}

void NamespaceEmptier::OnPage(const Uuid& id, const absl::StatusOr<persistence::VisibilityPage>& page) {
  Pass& pass = passes_.at(id);
  if (!page.ok()) {
    spdlog::warn("{}",
                 WithFields("a deleted namespace cannot be read",
                            {{"namespace_id", id.ToString()}, {"error", StdView(page.status().message())}}));
    pass = Pass{.after = std::nullopt, .pause = options_.longest_pause};
    return Rest(id, options_.longest_pause);
  }
  pass.more = page->more && !page->rows.empty();
  if (pass.more) {
    const persistence::VisibilityRow& last = page->rows.back();
    pass.after = {last.row.close_time, last.row.start_time, last.key.run_id};
  }
  pass.found = pass.found || !page->rows.empty();
  pass.unanswered = page->rows.size() + 1;
  for (const persistence::VisibilityRow& row : page->rows) AskToGo(id, row);
  OnAnswer(id);
}

void NamespaceEmptier::AskToGo(const Uuid& id, const persistence::VisibilityRow& row) {
  engine::RequestPtr request = world_.kinds.Find(row.key.kind)->Removal();
  if (request == nullptr) return OnAnswer(id);
  asked_.Add(1);
  EntityRef entity{id, row.row.id, row.key.run_id, row.key.kind};
  world_.history.Execute(std::move(entity), std::move(request),
                         [this, &executor = world_.executor, id](const absl::StatusOr<engine::ReplyPtr>&) {
                           // Whatever it was, the next pass sees what is left.
                           executor.Post([this, id] {
                             if (!stopped_) OnAnswer(id);
                           });
                         });
}

void NamespaceEmptier::OnAnswer(const Uuid& id) {
  if (--passes_.at(id).unanswered == 0) EndPage(id);
}

void NamespaceEmptier::EndPage(const Uuid& id) {
  Pass& pass = passes_.at(id);
  if (!pass.more) {
    pass.after.reset();
    if (++pass.kind == world_.kinds.lines().size()) return EndPass(id, pass);
  }
  Rest(id, absl::ZeroDuration());
}

void NamespaceEmptier::EndPass(const Uuid& id, Pass& pass) {
  const bool found = std::exchange(pass.found, false);
  pass.kind = 0;
  pass.pause = std::min(2 * pass.pause, options_.longest_pause);
  if (found) return Rest(id, pass.pause);
  const absl::StatusOr<NamespacePtr> name_space = world_.namespaces.ById(id);
  if (!name_space.ok()) return Rest(id, absl::ZeroDuration());
  OnEmpty(*name_space);
}

void NamespaceEmptier::OnEmpty(const NamespacePtr& name_space) {
  const Uuid& id = name_space->id;
  const NamespaceRecord::Deletion& deletion = name_space->record.deletion();
  const absl::Time now = world_.executor.Now();
  const absl::Time settled = FromProto(deletion.at()) + options_.row_kept;
  if (now < settled) return Rest(id, std::min(settled - now, options_.longest_pause));
  const absl::Duration delay = FromProto(deletion.row_delay());
  if (delay <= absl::ZeroDuration()) return RemoveRow(name_space);
  if (deletion.has_emptied_at()) {
    const absl::Time due = FromProto(deletion.emptied_at()) + delay;
    if (now >= due) return RemoveRow(name_space);
    return Rest(id, std::min(due - now, options_.longest_pause));
  }
  world_.namespaces.Update(
      name_space->settings.name,
      [now](NamespaceRecord& record) {
        *record.mutable_deletion()->mutable_emptied_at() = ToProto(now);
        return absl::OkStatus();
      },
      [this, id](const absl::StatusOr<NamespacePtr>&) {
        if (!stopped_) Rest(id, options_.pause);
      });
}

void NamespaceEmptier::RemoveRow(const NamespacePtr& name_space) {
  world_.namespaces.Remove(name_space, [this, name_space](const absl::StatusOr<bool>& gone) {
    if (stopped_) return;
    if (gone.ok()) {
      spdlog::info("{}", WithFields("a deleted namespace is gone, with everything that it held",
                                    {{"namespace", name_space->record.deletion().former_name()},
                                     {"namespace_id", name_space->id.ToString()}}));
      removed_.Add(1);
      passes_.erase(name_space->id);
      emptying_.Set(static_cast<double>(passes_.size()));
    }
    Rest(name_space->id, options_.longest_pause);
  });
}

void NamespaceEmptier::Rest(const Uuid& id, absl::Duration wait) {
  busy_ = false;
  if (wait <= absl::ZeroDuration()) {
    waiting_.push_back(id);
  } else {
    world_.executor.RunAfter(wait, [this, id] {
      if (stopped_) return;
      waiting_.push_back(id);
      Turn();
    });
  }
  Turn();
}

}  // namespace perdure::server
