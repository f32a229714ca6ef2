#include "server/cli/inspect.h"

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

struct InspectFlags {
  std::shared_ptr<ConfigFlags> config;
  std::string name_space = "default";
  std::string kind = "workflow";
  std::string id;
  std::string run_id;
  bool json = false;
};

using Description = absl::StatusOr<nlohmann::ordered_json>;

Description LookIn(persistence::Session& session, EventLoop& loop, const InspectFlags& flags,
                   std::optional<Uuid> run_id) {
  const EntityKinds kinds = ServerKinds();
  const auto line = KindNamed(kinds, flags.kind);
  if (!line.ok()) return line.status();
  StoredNamespaces namespaces(session, loop);
  const auto loaded = Await<bool>([&](auto done) { namespaces.Load(std::move(done)); });
  if (!loaded.ok()) return loaded.status();
  const auto name_space = namespaces.ByName(flags.name_space);
  if (!name_space.ok()) return name_space.status();
  const StoredRunName name{**line, **name_space, flags.id, run_id};
  const auto run = ReadStoredRun(session, loop, name);
  if (!run.ok()) return run.status();
  return Describe(*run, name);
}

Description Look(const InspectFlags& flags) {
  auto config = LoadConfig(*flags.config);
  if (!config.ok()) return config.status();
  std::optional<Uuid> run_id;
  if (!flags.run_id.empty()) {
    run_id = Uuid::Parse(flags.run_id);
    if (!run_id) return absl::InvalidArgumentError("--run-id: write a UUID");
  }
  auto store = OpenStoreReadOnly(config->node.store);
  if (!store.ok()) return store.status();
  EventLoop loop("inspect");
  const auto session = (*store)->OpenSession(loop);
  Description description = LookIn(*session, loop, flags, run_id);
  loop.Stop();
  return description;
}

int Inspect(const InspectFlags& flags) {
  const auto description = Look(flags);
  if (!description.ok()) return Fail(description.status());
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;
  fmt::print("{}", flags.json ? description->dump(2, ' ', false, replace) + "\n" : ToText(*description));
  return 0;
}

}  // namespace

void AddInspect(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App& command =
      *app.add_subcommand("inspect", "Print what the store holds of a run; safe while a server works on it");
  command.add_option("id", flags->id, "Workflow id, or the id of an entity of another kind")->required();
  command.add_option("-k,--kind", flags->kind, "Its kind: workflow or activity")->capture_default_str();
  command.add_option("-n,--namespace", flags->name_space, "Its namespace")->capture_default_str();
  command.add_option("-r,--run-id", flags->run_id, "Run id; without it the current run");
  command.add_flag("--json", flags->json, "As JSON");
  flags->config = AddConfigFlags(command);
  command.callback([flags, &exit_code] { exit_code = Inspect(*flags); });
}

}  // namespace perdure::server
