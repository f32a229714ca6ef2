#include "server/cli/remove_run.h"

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/event_loop.h"
#include "server/cli/await.h"
#include "server/cli/config_flags.h"
#include "server/cli/server_kinds.h"
#include "server/cli/store_choice.h"
#include "server/cli/stored_run.h"
#include "server/cluster/stored_namespaces.h"

namespace perdure::server {
namespace {

using persistence::Session;

// The writer where nobody else can open the store.
constexpr uint32_t kOnlyWriter = 1;
// Long enough for the command, and it ends by itself when the command is killed.
constexpr absl::Duration kLease = absl::Seconds(30);

struct RemoveFlags {
  std::shared_ptr<ConfigFlags> config;
  std::string name_space = "default";
  std::string kind = "workflow";
  std::string id;
  std::string run_id;
};

class IgnoresOperations final : public persistence::StoreObserver {
 public:
  void OnOperation(std::string_view, absl::Duration, bool) override {}
};

absl::StatusOr<StoredRunView> FindRun(Session& session, EventLoop& loop, const RemoveFlags& flags,
                                      Uuid run_id) {
  const EntityKinds kinds = ServerKinds();
  const auto line = KindNamed(kinds, flags.kind);
  if (!line.ok()) return line.status();
  StoredNamespaces namespaces(session, loop);
  const auto loaded = Await<bool>([&](auto done) { namespaces.Load(std::move(done)); });
  if (!loaded.ok()) return loaded.status();
  const auto name_space = namespaces.ByName(flags.name_space);
  if (!name_space.ok()) return name_space.status();
  auto run = ReadStoredRun(session, loop, {**line, **name_space, flags.id, run_id});
  if (run.ok() && run->entity.ok()) {
    return absl::FailedPreconditionError(
        "this run can be read: terminate it by any client, and retention removes it");
  }
  return run;
}

absl::Status Delete(Session& session, EventLoop& loop, uint32_t writer_id, const persistence::RunKey& key) {
  const auto writer =
      AwaitOn<persistence::FencedWriter>(loop, [&](auto done) { session.Fence(writer_id, std::move(done)); });
  if (!writer.ok()) return writer.status();
  persistence::RunWrite write;
  write.key = key;
  write.deleted.emplace();
  persistence::Batch batch{writer->writer, writer->last_batch + 1, {{{std::move(write)}}}};
  const auto result = AwaitOn<persistence::CommitResult>(
      loop, [&](auto done) { session.Commit(std::move(batch), std::move(done)); });
  if (!result.ok()) return result.status();
  if (result->outcome == persistence::CommitOutcome::kCommitted) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("the store did not remove the run: {}", result->message));
}

absl::Status RemoveBy(uint32_t writer_id, Session& session, EventLoop& loop, const RemoveFlags& flags,
                      Uuid run_id) {
  const auto run = FindRun(session, loop, flags, run_id);
  return run.ok() ? Delete(session, loop, writer_id, run->key) : run.status();
}

// Nobody else may own the shards meanwhile.
absl::Status RemoveUnderLease(Session& session, EventLoop& loop, const RemoveFlags& flags, Uuid run_id) {
  const Uuid incarnation = Uuid::Mint(*NewSystemRandom());
  const persistence::NodeRow node{incarnation, "remove-run/" + incarnation.ToString(), "none"};
  const auto lease = AwaitOn<persistence::LeaseAnswer>(
      loop, [&](auto done) { session.RenewLease(node, kLease, std::move(done)); });
  if (!lease.ok()) return lease.status();
  if (!lease->tenure)
    return absl::FailedPreconditionError("a server works on this store: stop it, then repeat");
  absl::Status removed = RemoveBy(lease->first_writer, session, loop, flags, run_id);
  (void)AwaitOn<bool>(loop, [&](auto done) { session.EndLease(incarnation, std::move(done)); });
  return removed;
}

absl::Status Remove(const RemoveFlags& flags) {
  auto config = LoadConfig(*flags.config);
  if (!config.ok()) return config.status();
  const std::optional<Uuid> run_id = Uuid::Parse(flags.run_id);
  if (!run_id) return absl::InvalidArgumentError("--run-id: write a UUID");
  const StoreChoice& choice = config->node.store;
  IgnoresOperations observer;
  auto store = OpenStore(choice, observer);
  if (!store.ok()) return store.status();
  EventLoop loop("remove-run");
  const auto session = (*store)->OpenSession(loop);
  // A store that only one process can open needs no lease.
  absl::Status removed = IsExclusive(choice) ? RemoveBy(kOnlyWriter, *session, loop, flags, *run_id)
                                             : RemoveUnderLease(*session, loop, flags, *run_id);
  loop.Stop();
  return removed;
}

}  // namespace

void AddRemoveRun(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<RemoveFlags>();
  CLI::App& command = *app.add_subcommand(
      "remove-run",
      "Remove a run that cannot be folded (inspect says so); while no server works on the store");
  command.add_option("id", flags->id, "Workflow id, or the id of an entity of another kind")->required();
  command.add_option("-k,--kind", flags->kind, "Its kind: workflow or activity")->capture_default_str();
  command.add_option("-r,--run-id", flags->run_id, "Run id")->required();
  command.add_option("-n,--namespace", flags->name_space, "Its namespace")->capture_default_str();
  flags->config = AddConfigFlags(command);
  command.callback([flags, &exit_code] {
    const absl::Status removed = Remove(*flags);
    exit_code = removed.ok() ? 0 : Fail(removed);
    if (removed.ok()) fmt::print("removed run {}\n", flags->run_id);
  });
}

}  // namespace perdure::server
