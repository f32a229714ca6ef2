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

absl::StatusOr<NamespacePtr> FromRow(const persistence::NamespaceRow& row,
                                     std::shared_ptr<const engine::SearchAttributeTypes> of_all) {
  auto name_space = std::make_shared<Namespace>();
  name_space->id = row.id;
  name_space->version = row.version;
  if (!ParseStored(row.data, name_space->record)) {
    return absl::InternalError(fmt::format("the stored record of namespace {} cannot be read", row.name));
  }
  name_space->settings.id = row.id;
  name_space->settings.name = row.name;
  name_space->settings.search_attributes = SearchAttributesOf(name_space->record, std::move(of_all));
  name_space->settings.retention = FromProto(name_space->record.config().workflow_execution_retention_ttl());
  return name_space;
}

persistence::NamespaceRow ToRow(const Uuid& id, int64_t version, const NamespaceRecord& record) {
  return {.id = id, .name = record.info().name(), .version = version, .data = record.SerializeAsString()};
}

}  // namespace

StoredNamespaces::StoredNamespaces(persistence::Session& session, Executor& executor,
                                   engine::SearchAttributeTypes search_attributes, NamespaceRoom room)
    : session_(session),
      executor_(executor),
      search_attributes_(std::make_shared<const engine::SearchAttributeTypes>(std::move(search_attributes))),
      room_(room),
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
    for (const persistence::NamespaceRow& row : *rows) {
      auto name_space = FromRow(row, search_attributes_);
      if (!name_space.ok()) return std::move(done)(name_space.status());
      snapshot->by_name[row.name] = *name_space;
      snapshot->by_id[row.id] = *std::move(name_space);
    }
    {
      const MutexLock lock(mutex_);
      snapshot_ = std::move(snapshot);
    }
    std::move(done)(true);
  });
}

NamespacePtr StoredNamespaces::Remember(const persistence::NamespaceRow& row) {
  ++changes_;
  NamespacePtr name_space = *FromRow(row, search_attributes_);  // we have just made it
  auto snapshot = std::make_shared<NamespaceSnapshot>(*Snapshot());
  snapshot->by_name[row.name] = name_space;
  snapshot->by_id[row.id] = name_space;
  const MutexLock lock(mutex_);
  snapshot_ = std::move(snapshot);
  return name_space;
}

// Whether `record` has room beside all others, in place of the one of its name.
absl::Status StoredNamespaces::CheckRoom(const NamespaceRecord& record) const {
  size_t number = 1;
  size_t bytes = record.ByteSizeLong();
  for (const auto& [name, name_space] : Snapshot()->by_name) {
    if (name == record.info().name()) continue;
    ++number;
    bytes += name_space->record.ByteSizeLong();
  }
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
  const absl::Status room = CheckRoom(record);
  if (!room.ok()) return std::move(done)(room);
  const persistence::NamespaceRow row = ToRow(id, 1, record);
  session_.PutNamespace(row, 0, [this, row, done = std::move(done)](const absl::StatusOr<bool>& put) mutable {
    if (put.ok()) return std::move(done)(Remember(row));
    if (!absl::IsAlreadyExists(put.status())) return std::move(done)(put.status());
    std::move(done)(NamespaceAlreadyExists(fmt::format("Namespace \"{}\" already exists", Shown(row.name))));
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
  if (allowed.ok()) allowed = CheckRoom(record);
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
