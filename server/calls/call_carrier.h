// What brings encoded calls to the part that makes them, in this process or on another node, and brings back
// the encoded answers.
#pragma once

#include <string>

#include "server/history/history.h"

namespace perdure::server {

class CallCarrier {
 public:
  virtual ~CallCarrier() = default;
  // Any thread. `done` is called exactly once, with the answer's bytes, or UNAVAILABLE where it is not known
  // whether the call was made. A call may be made late, and out of the order of the calls, but once at most.
  virtual void Carry(std::string call, Callback<std::string> done) = 0;
};

}  // namespace perdure::server
