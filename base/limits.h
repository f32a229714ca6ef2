// Every limit of the server, in one place: name, unit, default, and the error that a client gets at it. A
// limit without an entry here does not exist. Defaults are the real server's where it has the limit (its
// dynamic config's name is in the comment).
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace perdure::limits {

// --- sizes, in bytes

// limit.blobSize.error: a payload of a request. INVALID_ARGUMENT, or the workflow task fails.
inline constexpr size_t kBlobSize = 2 * 1024 * 1024;
// limit.blobSize.warn: to this a failure over kBlobSize is cut.
inline constexpr size_t kCutFailureSize = 512 * 1024;
// limit.mutableStateActivityFailureSize.error: to this the failure of an attempt that is retried is cut.
inline constexpr size_t kRetriedFailureSize = 4 * 1024;
// limit.memoSize.error. As kBlobSize.
inline constexpr size_t kMemoSize = 2 * 1024 * 1024;
// limit.maxIDLength: workflow ids, task queues, types, request ids, signal names, identities.
// INVALID_ARGUMENT.
inline constexpr size_t kIdLength = 1000;
// A gRPC request. RESOURCE_EXHAUSTED "grpc: received message larger than max (N vs. M)": the core SDK knows
// that text.
inline constexpr size_t kGrpcMessage = 4 * 1024 * 1024;
// limit.workflowTaskCompletionSize.error: told to workers, who fail a task whose completion is larger by
// themselves.
inline constexpr size_t kWorkflowTaskCompletionSize = 40 * 1024 * 1024;
// What gRPC takes in of a request before we refuse it; above this it refuses in words that the core SDK does
// not know.
inline constexpr size_t kGrpcReceive = 64 * 1024 * 1024;
// Request headers of one call. gRPC closes the call with RESOURCE_EXHAUSTED.
inline constexpr size_t kGrpcMetadata = 64 * 1024;

// What an error's text repeats of one of the client's values; the rest is left out and counted (Shown of
// base/text.h). And a whole text: what is longer is cut. Both travel in response headers, percent-encoded and
// once more in the details, and clients close a call whose headers are over 8 KiB.
inline constexpr size_t kShownValue = 256;
inline constexpr size_t kErrorText = 2 * 1024;

// Every text of a request that nothing narrower limits, but reasons (a person's or a program's words);
// failures and payloads are limited as wholes. INVALID_ARGUMENT (server/frontend/field_rules.h).
inline constexpr size_t kStringSize = 4 * 1024;
inline constexpr size_t kReasonSize = 64 * 1024;
// A whole retry policy, with its types of errors. As kStringSize.
inline constexpr size_t kRetryPolicySize = 16 * 1024;

// Levels of messages in messages (base/nesting.h). A request that nests deeper than kRequestNesting is
// INVALID_ARGUMENT, but of a failure the causes beyond kChain are cut. Neither requests nor stored bytes are
// read deeper than kReadNesting.
inline constexpr int kChain = 70;
inline constexpr int kRequestNesting = 84;
inline constexpr int kReadNesting = 1000;

static_assert(kRetriedFailureSize < kCutFailureSize && kCutFailureSize < kBlobSize);
static_assert(kBlobSize < kGrpcMessage && kMemoSize < kGrpcMessage && kReasonSize < kGrpcMessage);
static_assert(kGrpcMessage < kWorkflowTaskCompletionSize && kWorkflowTaskCompletionSize < kGrpcReceive);
static_assert(kShownValue < kIdLength && kIdLength < kErrorText && kErrorText < kGrpcMetadata);
static_assert(kIdLength < kStringSize && kStringSize < kRetryPolicySize && kStringSize < kReasonSize);
static_assert(kChain < kRequestNesting && kRequestNesting < kReadNesting);

// frontend.maxlinksPerRequest (a count) and linkMaxSize: INVALID_ARGUMENT.
inline constexpr int kLinksPerRequest = 10;
inline constexpr size_t kLinkSize = 4000;
// Of an activity on its own, over all starts that attach some. FAILED_PRECONDITION.
// (chasm.maxLinksPerComponent is 2000; here each attachment writes all of them.)
inline constexpr int kLinksPerActivity = 200;
// limit.userMetadataSummarySize and DetailsSize, serialized, of an activity on its own. INVALID_ARGUMENT.
inline constexpr size_t kUserMetadataSummary = 400;
inline constexpr size_t kUserMetadataDetails = 20'000;
// limit.workerBuildIdSize; also of the binary checksums that came before build ids. INVALID_ARGUMENT.
inline constexpr size_t kBuildIdSize = 255;
// Priority.fairness_key. INVALID_ARGUMENT.
inline constexpr size_t kFairnessKey = 64;
// history.maxInFlightUpdates (a count) and maxInFlightUpdatePayloads (bytes): updates of a run that have not
// completed. RESOURCE_EXHAUSTED.
inline constexpr size_t kUpdatesInFlight = 10;
inline constexpr size_t kUpdatesInFlightSize = 20 * 1024 * 1024;
// history.maxTotalUpdates: those that a run has accepted or waits for. FAILED_PRECONDITION.
inline constexpr size_t kUpdates = 2000;
// history.maxTotalUpdates.suggestContinueAsNewThreshold, of these.
inline constexpr size_t kUpdatesSuggest = 1800;
// history.discardSpeculativeWorkflowTaskMaximumEventsCount: a workflow task that was for nothing but rejected
// updates leaves no trace unless it brought its worker more events than these.
inline constexpr int64_t kEventsOfDiscardedTask = 10;
static_assert(kUpdatesInFlight < kUpdatesSuggest && kUpdatesSuggest < kUpdates);
// frontend.searchAttributesNumberOfKeysLimit (a count), SizeOfValueLimit, TotalSizeLimit: INVALID_ARGUMENT.
inline constexpr size_t kSearchAttributes = 100;
inline constexpr size_t kSearchAttributeValue = 2 * 1024;
inline constexpr size_t kSearchAttributesSize = 40 * 1024;
// What they are searched by (engine/search_values.h), which repeats a name with each of its words. As
// kSearchAttributesSize. So many words of usual length fit into that one under names of 25 bytes.
inline constexpr size_t kSearchEntriesSize = 256 * 1024;

// Custom search attributes that a namespace may have, whatever their types (the real server's stores have
// three to ten columns a type), and the bytes of a name. INVALID_ARGUMENT.
inline constexpr size_t kCustomSearchAttributes = 1'000;
inline constexpr size_t kSearchAttributeName = 255;

static_assert(kSearchAttributeValue < kSearchAttributesSize && kSearchAttributesSize < kSearchEntriesSize &&
              kSearchEntriesSize < kBlobSize);
static_assert(kSearchAttributes <= kCustomSearchAttributes && kSearchAttributeName < kIdLength);
static_assert(kUserMetadataSummary < kUserMetadataDetails && kBuildIdSize < kIdLength);

// --- a run

// limit.historyCount.error, limit.historySize.error: the run is terminated.
inline constexpr int64_t kHistoryCount = 50 * 1024;
inline constexpr int64_t kHistorySize = 50 * 1024 * 1024;
// limit.historyCount.suggestContinueAsNew and historySize.suggestContinueAsNew: a hint in
// WorkflowTaskStarted.
inline constexpr int64_t kHistoryCountSuggest = 4 * 1024;
inline constexpr int64_t kHistorySizeSuggest = 4 * 1024 * 1024;
// history.historyMaxAutoResetPoints: the oldest gives way. Part of the fold of stored records: never changed.
inline constexpr int kAutoResetPoints = 20;
// system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute: so many workflow tasks that fail or time
// out in a row are told in TemporalReportedProblems. Part of the fold of stored records: never changed.
inline constexpr int kWorkflowTaskProblemsReported = 5;
// history.MaxBufferedQueryCount: queries of a run that wait for its workflow task. RESOURCE_EXHAUSTED
// (BUSY_WORKFLOW).
inline constexpr size_t kBufferedQueries = 1;
// Workflow tasks that are tried so often, or more often, do not succeed: a query of their run fails at once.
// FAILED_PRECONDITION.
inline constexpr int32_t kFailingAttempts = 3;
// limit.numPendingActivities.error: the workflow task fails with PENDING_ACTIVITIES_LIMIT_EXCEEDED.
inline constexpr size_t kPendingActivities = 2000;
// limit.numPendingChildExecutions.error, numPendingSignals.error, numPendingCancelRequests.error: the
// workflow task fails with PENDING_CHILD_WORKFLOWS_, PENDING_SIGNALS_ or
// PENDING_REQUEST_CANCEL_LIMIT_EXCEEDED.
inline constexpr size_t kPendingChildren = 2000;
inline constexpr size_t kPendingSignals = 2000;
inline constexpr size_t kPendingCancels = 2000;
// Messages of other entities that a run remembers. Beyond the first number it asks their senders whether it
// must; at the second it takes no more for now, and they are sent again after the delay.
inline constexpr size_t kInboxEntriesAsked = 1000;
inline constexpr size_t kInboxEntries = 10'000;
inline constexpr absl::Duration kFullInboxDelay = absl::Seconds(5);
// A message to a run that is about to close, and the start of a child that something not lasting forbids, are
// sent again after these.
inline constexpr absl::Duration kBusyRunDelay = absl::Milliseconds(200);
inline constexpr absl::Duration kChildStartDelay = absl::Seconds(10);
// A child that its parent has not released for so long asks it why.
inline constexpr absl::Duration kUnreleasedAsks = absl::Seconds(10);
// A settlement without an event waits for another record for so long.
inline constexpr absl::Duration kSettlementRides = absl::Seconds(5);
// A run's rows stay for so long after the last message that touched them.
inline constexpr absl::Duration kSettledRunKept = absl::Minutes(1);

static_assert(kInboxEntriesAsked < kInboxEntries);
static_assert(kBusyRunDelay < kFullInboxDelay && kSettlementRides < kSettledRunKept);
// A run is warned before it is ended, and may fill its history with what is pending.
static_assert(kHistoryCountSuggest < kHistoryCount && kHistorySizeSuggest < kHistorySize);
static_assert(kPendingActivities + kPendingChildren + kPendingSignals + kPendingCancels <
              static_cast<size_t>(kHistoryCount));
// history.maximumSignalsPerExecution: RESOURCE_EXHAUSTED... see signal.cc for the exact text.
inline constexpr int64_t kSignals = 10000;
// history.maximumBufferedEventsBatch and maximumBufferedEventsSizeInBytes: the running workflow task is
// failed.
inline constexpr size_t kBufferedEvents = 100;
inline constexpr size_t kBufferedEventsSize = 2 * 1024 * 1024;

static_assert(kSignals < kHistoryCount && kBufferedEvents < static_cast<size_t>(kSignals));
static_assert(kBufferedEventsSize < static_cast<size_t>(kHistorySize));

// --- times

inline constexpr absl::Duration kDefaultWorkflowTaskTimeout = absl::Seconds(10);
inline constexpr absl::Duration kMaxWorkflowTaskTimeout = absl::Seconds(120);
inline constexpr absl::Duration kWorkflowTaskHeartbeatTimeout = absl::Minutes(30);
// history.workflowTaskRetryMaxInterval: what failed attempts add to a workflow task's start-to-close timeout.
inline constexpr absl::Duration kWorkflowTaskRetryMaxInterval = absl::Minutes(10);
// history.workflowIdReuseMinimalInterval: between the first tasks of a run and of the one that follows on it
// by itself, so that none follow on each other without a pause.
inline constexpr absl::Duration kNextRunInterval = absl::Seconds(1);
// A workflow task that is for updates alone waits so long for a worker on the run's own queue, before events
// tell of it.
inline constexpr absl::Duration kSpeculativeTaskWait = absl::Seconds(5);
// A long poll answers empty after this, or a second before its deadline.
inline constexpr absl::Duration kLongPoll = absl::Seconds(60);
inline constexpr absl::Duration kMinLongPollDeadline = absl::Seconds(2);
inline constexpr absl::Duration kHistoryLongPoll = absl::Seconds(20);
// A long poll with less time left than this is answered at once.
inline constexpr absl::Duration kLongPollTail = absl::Seconds(1);
// Clients' keepalive pings may come this often, without calls too; more often, and gRPC closes the
// connection.
inline constexpr absl::Duration kMinPingInterval = absl::Seconds(1);
// How long a query may take, for clients who would wait for longer. DEADLINE_EXCEEDED. So long before its
// time is over it fails where nobody has polled its queue within matching.queryPollerUnavailableWindow.
// FAILED_PRECONDITION.
inline constexpr absl::Duration kQueryTime = absl::Seconds(30);
inline constexpr absl::Duration kQueryTail = absl::Seconds(1);
inline constexpr absl::Duration kQueryPollerMemory = absl::Seconds(20);
// A namespace's retention is at least this (one day for global ones). INVALID_ARGUMENT.
inline constexpr absl::Duration kMinRetention = absl::Hours(1);

static_assert(kDefaultWorkflowTaskTimeout < kMaxWorkflowTaskTimeout &&
              kMaxWorkflowTaskTimeout < kWorkflowTaskHeartbeatTimeout);
static_assert(kLongPollTail < kMinLongPollDeadline && kMinLongPollDeadline < kHistoryLongPoll &&
              kHistoryLongPoll < kLongPoll);

// --- namespaces: every node holds all of them in memory

// How many there are, and the bytes of their stored records: of one, but for its search attributes
// (INVALID_ARGUMENT), of all (FAILED_PRECONDITION, as their number).
inline constexpr size_t kNamespaces = 10'000;
inline constexpr size_t kNamespaceSize = 32 * 1024;
inline constexpr size_t kNamespacesSize = 64 * 1024 * 1024;
// Bytes of a description, entries of the data that users keep with a namespace, and frontend.maxBadBinaries.
// INVALID_ARGUMENT, as for the other texts, which are at most kIdLength long.
inline constexpr size_t kNamespaceDescription = 8 * 1024;
inline constexpr size_t kNamespaceData = 100;
inline constexpr size_t kBadBinaries = 10;

static_assert(kNamespaceDescription < kNamespaceSize && kNamespaceSize < kNamespacesSize);

// A deleted namespace is emptied: entities that are asked to go at a time; the pause before those that are
// left are asked, which doubles, and its longest; and for how long its row stays at least, so that what was
// started just before has landed.
inline constexpr size_t kEmptyingPage = 100;
inline constexpr absl::Duration kEmptyingPause = absl::Milliseconds(200);
inline constexpr absl::Duration kLongestEmptyingPause = absl::Seconds(10);
inline constexpr absl::Duration kDeletedNamespaceKept = absl::Seconds(10);

static_assert(kEmptyingPause < kLongestEmptyingPause);

// --- lists and queues

inline constexpr size_t kHistoryPageEvents = 256;
inline constexpr size_t kListPage = 1000;
// Bytes of one page of a list (at least one row), so that a client of 4 MiB can take it.
inline constexpr size_t kListPageBytes = 2 * 1024 * 1024;
// How long a list or count may run. DEADLINE_EXCEEDED, which clients do not repeat by themselves.
inline constexpr absl::Duration kListTime = absl::Seconds(10);
// Lists of one namespace that wait for their turn, and for how long at most. RESOURCE_EXHAUSTED.
inline constexpr size_t kWaitingLists = 64;
inline constexpr absl::Duration kListWait = absl::Seconds(10);
// A list that takes longer, its wait included, is logged and counted.
inline constexpr absl::Duration kSlowList = absl::Seconds(2);
// A list filter: bytes, parentheses in parentheses, and comparisons (a value of IN is one, of a text each
// word), and how often it looks into the search attributes of a row, which some comparisons do twice.
// INVALID_ARGUMENT.
inline constexpr size_t kListFilterSize = 16 * 1024;
inline constexpr size_t kListFilterDepth = 50;
inline constexpr size_t kListFilterComparisons = 500;
inline constexpr size_t kListFilterLooks = 1000;
// Bytes of the pollers of one type in the description of a task queue: those seen last.
inline constexpr size_t kPollersBytes = 1024 * 1024;
// Heartbeats of workers: bytes of one (INVALID_ARGUMENT), how many workers are kept in memory and the bytes
// that they take there, and for how long after their last one.
inline constexpr size_t kWorkerHeartbeatSize = 16 * 1024;
inline constexpr size_t kWorkersKept = 10'000;
inline constexpr size_t kWorkersBytes = 64 * 1024 * 1024;
inline constexpr absl::Duration kWorkerSilence = absl::Minutes(5);
// DescribeTaskQueue: build ids asked for their reachability (limit.reachabilityQueryBuildIds), and build ids
// times task queue types of one answer. INVALID_ARGUMENT.
inline constexpr size_t kReachabilityBuildIds = 5;
inline constexpr size_t kDescribedTypes = 10000;

// --- history: one executor's memory and queues

// Calls that wait on an executor, and the bytes of their requests. RESOURCE_EXHAUSTED (SYSTEM_OVERLOADED)
// before anything is done. Workers' answers are refused last.
inline constexpr size_t kWaitingCalls = 8192;
inline constexpr size_t kWaitingCallBytes = 64 * 1024 * 1024;
inline constexpr size_t kWaitingAnswers = 2 * kWaitingCalls;
inline constexpr size_t kWaitingAnswerBytes = 2 * kWaitingCallBytes;
// Long polls for events of one executor's runs. RESOURCE_EXHAUSTED.
inline constexpr size_t kEventWaiters = 100'000;
// Callers who wait for what becomes of one executor's entities, and those of one entity: each of its steps
// looks at them. RESOURCE_EXHAUSTED before anything is done.
inline constexpr size_t kCallWaiters = 100'000;
inline constexpr size_t kCallWaitersOfEntity = 1'000;
// One commit; the rest goes into the next one. A single group may be above it.
inline constexpr size_t kCommitRows = 4096;
inline constexpr size_t kCommitBytes = 8 * 1024 * 1024;
// Memory of the runs that an executor holds, and the part of it that closed runs may take.
inline constexpr size_t kResidentBytes = 96 * 1024 * 1024;
inline constexpr size_t kClosedResidentBytes = 8 * 1024 * 1024;
// Events of one run that are kept for replies besides its state.
inline constexpr size_t kTailBytes = 256 * 1024;
// A snapshot is written when the log since the last one outweighs this; on the way out of memory, when that
// log is longer than these. Either way the log must weigh so many times what the snapshot does; a row of it
// weighs so much besides its bytes, as it does in the store.
inline constexpr size_t kSnapshotLogBytes = 64 * 1024;
inline constexpr size_t kEvictionSnapshotLogBytes = 16 * 1024;
inline constexpr size_t kEvictionSnapshotRows = 64;
inline constexpr size_t kLogToSnapshot = 4;
// Rows without events (heartbeats, failed attempts) that may stand before a snapshot removes them, whatever
// it weighs.
inline constexpr size_t kRowsWithoutEvents = 4096;
inline constexpr size_t kLogRowBytes = 200;
// Keys of one load or look-up query, and runs that are being loaded because their wake came.
inline constexpr size_t kLoadKeys = 256;
// Bytes of one load query (the last run of it is read whole), where the memory budget is not smaller than
// usual: then it is this part of that, but no less than the least.
inline constexpr size_t kLoadBytes = 4 * 1024 * 1024;
inline constexpr size_t kLoadsInResidentBytes = 16;
inline constexpr size_t kLeastLoadBytes = 64 * 1024;
inline constexpr size_t kWakeLoads = 256;
// Wakes of runs that are not in memory: rows of one read, and of the part of the future that is held.
inline constexpr size_t kWakePage = 1000;
inline constexpr size_t kWakeHorizon = 100'000;
// Retention. One commit removes no more rows and bytes than these besides what else it writes, so that what
// it shares the store with keeps its pace, and less while commits are slow (server/history/retention.h); a
// part of one long run may be above it. So many runs wait for their removal before those that are due wait in
// the wake table instead.
inline constexpr size_t kRemovedRows = 1024;
inline constexpr size_t kRemovedBytes = 2 * 1024 * 1024;
inline constexpr size_t kRemovalsWaiting = 20'000;
// Runs that begin as another did (server/history/host/rewinds.h): events and bytes of one row of what they
// take over; bytes that one commit stages of it; how many an executor makes at once (RESOURCE_EXHAUSTED); how
// long that may take (UNAVAILABLE), and from when on what was staged for nothing is removed.
inline constexpr int32_t kRewindRowEvents = 256;
inline constexpr size_t kRewindRowBytes = 64 * 1024;
inline constexpr size_t kRewindStagedBytes = 2 * 1024 * 1024;
inline constexpr size_t kRewinds = 64;
inline constexpr absl::Duration kRewindTakes = absl::Minutes(10);
inline constexpr absl::Duration kRewindLeftovers = absl::Hours(1);
// Stored wakes that are raised at a time for runs gone quiet.
inline constexpr size_t kWakesRaised = 64;
// Bytes of events in one page of a history (at least one event). Its count is kHistoryPageEvents.
inline constexpr size_t kHistoryPageBytes = 2 * 1024 * 1024;

// Clients take no larger answers.
static_assert(kHistoryPageBytes < kGrpcMessage && kListPageBytes < kGrpcMessage);
static_assert(kEvictionSnapshotLogBytes < kSnapshotLogBytes && kSnapshotLogBytes < kTailBytes &&
              kTailBytes < kClosedResidentBytes);

static_assert(kClosedResidentBytes < kResidentBytes);
static_assert(kWaitingCalls < kWaitingAnswers && kWaitingCallBytes < kWaitingAnswerBytes);
static_assert(kRemovedRows < kCommitRows && kRemovedBytes < kCommitBytes);
static_assert(kRewindRowBytes < kRewindStagedBytes && kRewindStagedBytes < kCommitBytes);
static_assert(kRewindTakes < kRewindLeftovers);
static_assert(kLeastLoadBytes < kLoadBytes && kLoadBytes * kLoadsInResidentBytes <= kResidentBytes);
static_assert(kWakePage <= kWakeHorizon / 2);

// --- messages between entities: one executor's (server/history/message_outbox.h)

// Messages under way: of one sender, to one target, and of all. The others wait for their turn.
inline constexpr size_t kMessagesOfSender = 64;
inline constexpr size_t kMessagesToTarget = 256;
inline constexpr size_t kMessagesUnderWay = 4096;
// Messages that keep their order and go together, and their bytes (at least one message).
inline constexpr size_t kDeliveryMessages = 64;
inline constexpr size_t kDeliveryBytes = 4 * 1024 * 1024;
// A copy that is not answered within the first of these counts as not answered. The message is sent again
// after the second, and when it fails again after twice as long, up to the third.
inline constexpr absl::Duration kMessageAnswer = absl::Seconds(10);
inline constexpr absl::Duration kMessageBackoff = absl::Milliseconds(50);
inline constexpr absl::Duration kLongestMessageBackoff = absl::Minutes(5);
// After so many failures in a row it is logged and counted as failing.
inline constexpr int kMessageFailuresShown = 10;
// Runs that are not in memory of which it is known how long their messages wait.
inline constexpr size_t kSendersRemembered = 10'000;
// A receiver does not act on copies that are older, and remembers for so long, of so many messages, which
// copy it saw.
inline constexpr absl::Duration kMessageAge = absl::Seconds(30);
inline constexpr absl::Duration kMessageMemory = absl::Seconds(60);
inline constexpr size_t kMessagesRemembered = 100'000;

static_assert(kMessagesOfSender <= kMessagesToTarget && kMessagesToTarget <= kMessagesUnderWay);
static_assert(kMessageBackoff < kMessageAnswer && kMessageAnswer < kMessageAge &&
              kMessageAge < kMessageMemory);
static_assert(kDeliveryMessages <= kMessagesOfSender && kMessagesUnderWay < kMessagesRemembered);
// A late copy finds the run that answered an earlier one.
static_assert(kMessageAge < kSettledRunKept);

// --- matching

// Tasks that one queue holds; beyond it their owners keep them back until there is room.
inline constexpr size_t kQueueWindow = 4096;
// Polls of all queues together. RESOURCE_EXHAUSTED.
inline constexpr size_t kPolls = 100'000;
// Queries that workers answer by themselves, of all queues together. RESOURCE_EXHAUSTED.
inline constexpr size_t kQueries = 10'000;
// Pollers of one task queue that DescribeTaskQueue knows; the one seen longest ago gives way.
inline constexpr size_t kPollersShown = 1000;
// Task queues that nobody uses at the moment and that are remembered, for those who watch them; the one
// polled longest ago gives way.
inline constexpr size_t kIdleQueues = 10'000;

// --- probes and metrics, for each of the two ports

// Connections at a time: the oldest gives way to one more, and is closed. Bytes of a request: 431. How long a
// request may take to arrive, and its answer to be taken: the connection is closed.
inline constexpr size_t kHttpConnections = 64;
inline constexpr size_t kHttpRequestBytes = 8 * 1024;
inline constexpr absl::Duration kHttpArrival = absl::Seconds(5);

// --- descriptors of the process

// So many are needed to start at all, and so many of those that the system allows are kept for the store, the
// probes and files; the rest may become clients' connections.
inline constexpr size_t kLeastDescriptors = 56;
inline constexpr size_t kReservedDescriptors = 48;

static_assert(kReservedDescriptors < kLeastDescriptors);

// --- the gRPC port, on the wire. At each of them a line is logged once a minute, and perdure_wire_limits
// counts.

// Connections of all clients, also bounded by the descriptors: the one that does least is closed for one
// more.
inline constexpr size_t kWireConnections = 4096;
// Calls of one connection. A client is told how many it may make, some at first and more as it has that many,
// so that the rest wait with it; more than it was told are refused so that it makes them again
// (REFUSED_STREAM), or end its connection. And those of them whose requests are not whole yet.
inline constexpr size_t kWireStreams = 10'000;
inline constexpr size_t kWireHalfStreams = 1000;
// Fields of one call's headers. RESOURCE_EXHAUSTED; their bytes are kGrpcMetadata.
inline constexpr size_t kWireHeaders = 256;
// What a client may send of a request before it is given more room, which is done for one after the other.
inline constexpr size_t kWireWindow = 16 * 1024;
// Bytes of requests that are not whole: of one connection, and of all. The connection that holds most is
// closed.
inline constexpr size_t kWireRequestBytes = 24 * 1024 * 1024;
inline constexpr size_t kWireAllRequestBytes = 48 * 1024 * 1024;
// Bytes of answers that a client has not taken. At the first no more calls of the connection are begun; at
// the second it is closed; at the third, of all connections together, the one that holds most is.
inline constexpr size_t kWireAnswerBytes = 8 * 1024 * 1024;
inline constexpr size_t kWireMostAnswerBytes = 32 * 1024 * 1024;
inline constexpr size_t kWireAllAnswerBytes = 64 * 1024 * 1024;
// For how long a call that has begun counts as one that is about to be answered; then it is one that waits.
inline constexpr absl::Duration kWireAnswerTime = absl::Seconds(1);
// How long TLS and the beginning of HTTP/2 may take, how long a request of which not so many bytes came
// meanwhile (an honest client on a slow line), and how long a client may take nothing of what waits for it:
// the connection is closed, of a request only its call (DEADLINE_EXCEEDED).
inline constexpr absl::Duration kWireHandshake = absl::Seconds(10);
inline constexpr absl::Duration kWireArrival = absl::Seconds(30);
inline constexpr size_t kWireArrivingBytes = 480 * 1024;
inline constexpr absl::Duration kWireStalled = absl::Seconds(60);
// A connection from which nothing comes is pinged, and closed when the answer does not come either.
inline constexpr absl::Duration kWirePing = absl::Minutes(1);
inline constexpr absl::Duration kWirePingAnswer = absl::Seconds(20);
// A connection without calls, and any connection, is told to go after so long (GOAWAY); what it has in flight
// may end within the grace.
inline constexpr absl::Duration kWireIdle = absl::Minutes(10);
inline constexpr absl::Duration kWireAge = absl::Hours(1);
inline constexpr absl::Duration kWireAgeGrace = absl::Seconds(70);

static_assert(kGrpcMessage < kWireRequestBytes && kWireRequestBytes < kWireAllRequestBytes);
static_assert(kHistoryPageBytes < kWireAnswerBytes && kWireAnswerBytes < kWireMostAnswerBytes);
static_assert(kWireMostAnswerBytes < kWireAllAnswerBytes && kLongPoll < kWireAgeGrace);

// --- metrics

// Sets of label values that clients choose, among the metrics that have the same labels: how many a namespace
// may have and all namespaces together, and the bytes of those values as /metrics shows them. Beyond these,
// series share one whose values are "_other_".
inline constexpr size_t kMetricSets = 1000;
inline constexpr size_t kMetricSetBytes = 128 * 1024;
inline constexpr size_t kAllMetricSets = 4000;
inline constexpr size_t kAllMetricSetBytes = 512 * 1024;
// A set that has not been used for so long gives its place back when another needs one.
inline constexpr absl::Duration kMetricIdle = absl::Minutes(10);

static_assert(kMetricSets < kAllMetricSets && kMetricSetBytes < kAllMetricSetBytes);

// --- what a namespace may have otherwise, as on the real server (server/cli/dynamic_config.cc has the names)

struct PerNamespace {
  size_t blob_size = kBlobSize;
  size_t cut_failure_size = kCutFailureSize;
  size_t retried_failure_size = kRetriedFailureSize;
  size_t memo_size = kMemoSize;
  int64_t history_count = kHistoryCount;
  int64_t history_size = kHistorySize;
  int64_t history_count_suggest = kHistoryCountSuggest;
  int64_t history_size_suggest = kHistorySizeSuggest;
  size_t pending_activities = kPendingActivities;
  size_t pending_children = kPendingChildren;
  size_t pending_signals = kPendingSignals;
  size_t pending_cancels = kPendingCancels;
  int64_t signals = kSignals;
  size_t buffered_events = kBufferedEvents;
  size_t buffered_events_size = kBufferedEventsSize;
  size_t buffered_queries = kBufferedQueries;
  size_t search_attributes = kSearchAttributes;
  size_t search_attribute_value = kSearchAttributeValue;
  size_t search_attributes_size = kSearchAttributesSize;
  size_t bad_binaries = kBadBinaries;
  size_t links_per_request = kLinksPerRequest;
  size_t link_size = kLinkSize;
  size_t history_page_events = kHistoryPageEvents;
  size_t list_page = kListPage;
  absl::Duration default_workflow_task_timeout = kDefaultWorkflowTaskTimeout;

  friend bool operator==(const PerNamespace&, const PerNamespace&) = default;
};

}  // namespace perdure::limits
