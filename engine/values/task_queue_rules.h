// Task queues that clients and workers name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "temporal/api/taskqueue/v1/message.pb.h"

namespace perdure::engine {

// What is wrong with the queue that a command names, as its worker is told, or nullopt. `parent` is the run's
// own queue, empty for what is not part of a run: only what runs on one of the server's own queues may name
// another one of them.
std::optional<std::string> CheckTaskQueue(const temporal::api::taskqueue::v1::TaskQueue& queue,
                                          std::string_view parent);

}  // namespace perdure::engine
