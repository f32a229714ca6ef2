// Every limit of the server, in one place: name, unit, default, and the error that a client gets at it. A limit without
// an entry here does not exist. Defaults are the real server's where it has the limit (its dynamic config's name is in
// the comment).
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace perdure::limits {

// --- sizes, in bytes

// limit.blobSize.error: a payload of a request. INVALID_ARGUMENT, or the workflow task fails.
inline constexpr size_t kBlobSize = 2 * 1024 * 1024;
// limit.memoSize.error. As kBlobSize.
inline constexpr size_t kMemoSize = 2 * 1024 * 1024;
// limit.maxIDLength: workflow ids, task queues, types, request ids, signal names, identities. INVALID_ARGUMENT.
inline constexpr size_t kIdLength = 1000;
// A gRPC request. RESOURCE_EXHAUSTED "grpc: received message larger than max (N vs. M)": the core SDK knows that text.
inline constexpr size_t kGrpcMessage = 4 * 1024 * 1024;
// Request headers of one call. gRPC closes the call with RESOURCE_EXHAUSTED.
inline constexpr size_t kGrpcMetadata = 64 * 1024;

// --- a run

// limit.historyCount.error, limit.historySize.error: the run is terminated.
inline constexpr int64_t kHistoryCount = 50 * 1024;
inline constexpr int64_t kHistorySize = 50 * 1024 * 1024;
// limit.historyCount.suggestContinueAsNew and historySize.suggestContinueAsNew: a hint in WorkflowTaskStarted.
inline constexpr int64_t kHistoryCountSuggest = 4 * 1024;
inline constexpr int64_t kHistorySizeSuggest = 4 * 1024 * 1024;
// limit.numPendingActivities.error: the workflow task fails with PENDING_ACTIVITIES_LIMIT_EXCEEDED.
inline constexpr size_t kPendingActivities = 2000;
// history.maximumSignalsPerExecution: RESOURCE_EXHAUSTED... see signal.cc for the exact text.
inline constexpr int64_t kSignals = 10000;
// history.maximumBufferedEventsBatch and maximumBufferedEventsSizeInBytes: the running workflow task is failed.
inline constexpr size_t kBufferedEvents = 100;
inline constexpr size_t kBufferedEventsSize = 2 * 1024 * 1024;

// --- times

inline constexpr absl::Duration kDefaultWorkflowTaskTimeout = absl::Seconds(10);
inline constexpr absl::Duration kMaxWorkflowTaskTimeout = absl::Seconds(120);
inline constexpr absl::Duration kWorkflowTaskHeartbeatTimeout = absl::Minutes(30);
// A long poll answers empty after this, or a second before its deadline.
inline constexpr absl::Duration kLongPoll = absl::Seconds(60);
inline constexpr absl::Duration kMinLongPollDeadline = absl::Seconds(2);
inline constexpr absl::Duration kHistoryLongPoll = absl::Seconds(20);

// --- lists and queues

inline constexpr size_t kHistoryPageEvents = 256;
inline constexpr size_t kListPage = 1000;

}  // namespace perdure::limits
