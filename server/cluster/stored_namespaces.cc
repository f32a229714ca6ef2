#include "server/cluster/stored_namespaces.h"

#include <utility>

#include <fmt/format.h>

#include "base/nesting.h"
#include "base/status.h"
#include "base/text.h"
#include "base/time.h"

namespace perdure::server {
namespace {

// Other nodes may change the same namespace; more tries than this meet a fault, not a race.
constexpr int kTries = 5;

persistence::NamespaceRow ToRow(const Uuid& id, int64_t version, const NamespaceRecord& record) {
  return {.id = id, .name = record.info().name(), .version = version, .data = record.SerializeAsString()};
}

}  // namespace

absl::StatusOr<NamespacePtr> StoredNamespaces::FromRow(const persistence::NamespaceRow& row) const {
  auto name_space = std::make_shared<Namespace>();
  name_space->id = row.id;
  name_space->version = row.version;
  if (!ParseStored(row.data, name_space->record)) {
    return absl::InternalError(fmt::format("the stored record of namespace {} cannot be read", row.name));
  }
  name_space->settings.id = row.id;
  name_space->settings.name = row.name;
  name_space->settings.search_attributes = SearchAttributesOf(name_space->record, search_attributes_);
  name_space->settings.limits = defaults_.limits;
  name_space->settings.eager_workflow_start = defaults_.eager_workflow_start;
  name_space->settings.eager_activities = defaults_.eager_activities;
  name_space->settings.leaving = name_space->record.has_deletion();
  name_space->settings.retention = FromProto(name_space->record.config().workflow_execution_retention_ttl());
  for (const auto& [checksum, binary] : name_space->record.config().bad_binaries().binaries()) {
    name_space->settings.bad_binaries.push_back(checksum);
  }
  return name_space;
}

StoredNamespaces::StoredNamespaces(persistence::Session& session, Executor& executor,
                                   engine::SearchAttributeTypes search_attributes, NamespaceRoom room,
                                   NamespaceDefaults defaults)
    : session_(session),
      executor_(executor),
      search_attributes_(std::make_shared<const engine::SearchAttributeTypes>(std::move(search_attributes))),
      room_(room),
      defaults_(defaults),
      snapshot_(std::make_shared<NamespaceSnapshot>()) {}

std::shared_ptr<const NamespaceSnapshot> StoredNamespaces::Snapshot() const {
  const MutexLock lock(mutex_);
  return snapshot_;
}

void StoredNamespaces::Load(persistence::Callback<bool> done) {
  executor_.Post([this, done = std::move(done)]() mutable { Reload(std::move(done)); });
}

void StoredNamespaces::Reload(persistence::Callback<bool> done) {
  session_.ListNamespaces([this, before = changes_, done = std::move(done)](
                              absl::StatusOr<std::vector<persistence::NamespaceRow>> rows) mutable {
    if (!rows.ok()) return std::move(done)(rows.status());
    if (before != changes_) return Reload(std::move(done));  // it may have been read before the change
    auto snapshot = std::make_shared<NamespaceSnapshot>();
    size_t bytes = 0;
    for (const persistence::NamespaceRow& row : *rows) {
      auto name_space = FromRow(row);
      if (!name_space.ok()) return std::move(done)(name_space.status());
      bytes += (*name_space)->record.ByteSizeLong();
      snapshot->Put(*std::move(name_space));
    }
    bytes_ = bytes;
    Publish(std::move(snapshot));
    std::move(done)(true);
  });
}

NamespacePtr StoredNamespaces::Remember(const persistence::NamespaceRow& row) {
  ++changes_;
  NamespacePtr name_space = *FromRow(row);  // we have just made it
  auto snapshot = std::make_shared<NamespaceSnapshot>(*Snapshot());
  if (const NamespacePtr* before = snapshot->by_id.Find(row.id); before != nullptr) {
    bytes_ -= (*before)->record.ByteSizeLong();
  }
  bytes_ += name_space->record.ByteSizeLong();
  snapshot->Put(name_space);
  Publish(std::move(snapshot));
  return name_space;
}

void StoredNamespaces::Forget(const Uuid& id) {
  ++changes_;
  auto snapshot = std::make_shared<NamespaceSnapshot>(*Snapshot());
  const NamespacePtr* before = snapshot->by_id.Find(id);
  if (before == nullptr) return;
  bytes_ -= (*before)->record.ByteSizeLong();
  snapshot->Remove(id);
  Publish(std::move(snapshot));
}

void StoredNamespaces::Publish(std::shared_ptr<const NamespaceSnapshot> snapshot) {
  const MutexLock lock(mutex_);
  snapshot_.swap(snapshot);
}

absl::Status StoredNamespaces::CheckRoom(const NamespaceRecord& record, const NamespaceRecord* before) const {
  const size_t number = Snapshot()->by_id.size() + (before == nullptr ? 1 : 0);
  const size_t bytes = bytes_ + record.ByteSizeLong() - (before == nullptr ? 0 : before->ByteSizeLong());
  if (number > room_.number) {
    return absl::FailedPreconditionError(
        fmt::format("There are {} namespaces, and no more may be registered.", room_.number));
  }
  if (bytes > room_.bytes) {
    return absl::FailedPreconditionError(
        fmt::format("All namespaces together, their data included, may take {} bytes.", room_.bytes));
  }
  return absl::OkStatus();
}

void StoredNamespaces::Register(NamespaceRecord record, persistence::Callback<NamespacePtr> done) {
  executor_.Post([this, record = std::move(record), done = std::move(done)]() mutable {
    Insert(std::move(record), std::move(done));
  });
}

void StoredNamespaces::Insert(NamespaceRecord record, persistence::Callback<NamespacePtr> done) {
  const Uuid id = Uuid::Mint(executor_.random());
  record.mutable_info()->set_id(id.ToString());
  const absl::Status room = CheckRoom(record, nullptr);
  if (!room.ok()) return std::move(done)(room);
  const persistence::NamespaceRow row = ToRow(id, 1, record);
  session_.PutNamespace(row, 0, [this, row, done = std::move(done)](const absl::StatusOr<bool>& put) mutable {
    if (put.ok()) return std::move(done)(Remember(row));
    if (!absl::IsAlreadyExists(put.status())) return std::move(done)(put.status());
    std::move(done)(NamespaceAlreadyExists(fmt::format("Namespace \"{}\" already exists", Shown(row.name))));
  });
}

void StoredNamespaces::Remove(NamespacePtr name_space, persistence::Callback<bool> done) {
  executor_.Post([this, name_space = std::move(name_space), done = std::move(done)]() mutable {
    session_.RemoveNamespace(
        name_space->id, name_space->version,
        [this, id = name_space->id, done = std::move(done)](absl::StatusOr<bool> removed) mutable {
          if (removed.ok()) Forget(id);
          if (!absl::IsAborted(removed.status())) return std::move(done)(std::move(removed));
          Reload([aborted = std::move(removed), done = std::move(done)](const absl::StatusOr<bool>&) mutable {
            std::move(done)(std::move(aborted));
          });
        });
  });
}

void StoredNamespaces::Update(std::string name, Change change, persistence::Callback<NamespacePtr> done) {
  executor_.Post(
      [this, name = std::move(name), change = std::move(change), done = std::move(done)]() mutable {
        ApplyChange(std::move(name), std::move(change), kTries, std::move(done));
      });
}

void StoredNamespaces::ApplyChange(std::string name, Change change, int tries_left,
                                   persistence::Callback<NamespacePtr> done) {
  auto current = ByName(name);
  if (!current.ok()) return std::move(done)(current.status());
  NamespaceRecord record = (*current)->record;
  absl::Status allowed = change(record);
  if (allowed.ok()) allowed = CheckRoom(record, &(*current)->record);
  if (!allowed.ok()) return std::move(done)(allowed);
  const int64_t version = (*current)->version;
  const persistence::NamespaceRow row = ToRow((*current)->id, version + 1, record);
  session_.PutNamespace(
      row, version,
      [this, row, name = std::move(name), change = std::move(change), tries_left,
       done = std::move(done)](const absl::StatusOr<bool>& put) mutable {
        if (put.ok()) return std::move(done)(Remember(row));
        if (!absl::IsAborted(put.status())) return std::move(done)(put.status());
        if (tries_left == 0)
          return std::move(done)(Unavailable("The namespace is being changed by others; try again."));
        Reload([this, name = std::move(name), change = std::move(change), tries_left,
                done = std::move(done)](const absl::StatusOr<bool>& reloaded) mutable {
          if (!reloaded.ok()) return std::move(done)(reloaded.status());
          ApplyChange(std::move(name), std::move(change), tries_left - 1, std::move(done));
        });
      });
}

}  // namespace perdure::server
