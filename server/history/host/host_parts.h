// What the parts of one HistoryHost work with: the machines that it is made of, and each other. Each part is
// a class of its own with its own state; they call each other only through what their headers offer.
//
// References alone: the host (history_host.h) owns what they refer to, and its parts live as long as it does.
#pragma once

#include <cstdint>
#include <vector>

#include "base/executor.h"
#include "base/ids.h"
#include "persistence/store.h"
#include "server/cluster/lease.h"
#include "server/cluster/namespace_registry.h"
#include "server/history/entity_kinds.h"
#include "server/history/history_options.h"
#include "server/history/message_transport.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class Batcher;
class HostMetrics;
class RunCache;
class RunLoader;
class WakeHorizon;

class HostCalls;
class HostCommits;
class Departures;
class HostDuties;
class EntitySettings;
class HostLife;
class MessageDesk;
class HostReplies;
class Residents;
class Retirement;
class Rewinds;
class Salvage;
class HostSteps;
class HostWaits;

// What is outside of the host; all of it outlives the host.
struct HostWorld {
  Executor& executor;
  persistence::Store& store;
  const NamespaceRegistry& namespaces;
  const Lease& lease;
  Metrics& metrics;
  const EntityKinds& kinds;
  MessageTransport& messages;
  const MessageClock& message_clock;
};

struct HostParts {
  const HostWorld& world;
  const HistoryOptions& options;
  persistence::Session& session;
  HostMetrics& metrics;

  RunCache& cache;
  RunLoader& loader;
  Batcher& batcher;
  WakeHorizon& horizon;

  HostLife& life;
  EntitySettings& settings;
  Residents& residents;
  Departures& departures;
  Retirement& retirement;
  Salvage& salvage;
  Rewinds& rewinds;
  HostDuties& duties;
  HostSteps& steps;
  HostCommits& commits;
  HostCalls& calls;
  HostReplies& replies;
  HostWaits& waits;
  MessageDesk& messages;
};

}  // namespace perdure::server
