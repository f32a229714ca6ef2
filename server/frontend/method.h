// A line of the method table (method_table.h).
#pragma once

#include <string>
#include <string_view>

#include "base/nesting.h"
#include "server/auth/authorizer.h"
#include "server/frontend/call.h"

namespace google::protobuf {
class MethodDescriptor;
}

namespace perdure::server {

struct Frontend;

enum class ApiService { kWorkflow, kOperator };
// Whether every call of a method waits for something to happen, so that nobody knows how long or for what.
// Methods that wait only when their request asks for it are kNever.
enum class Polling { kNever, kAlways };

// Reads the request and sees to it that the call is answered.
using Handler = void (*)(Frontend& frontend, CallPtr call, BytesSource request);

struct MethodSpec {
  ApiService service;
  std::string_view name;
  Access access;
  Polling polling;
  Handler handler;  // null: not built, answered UNIMPLEMENTED
};

// A method as it is served. Constant, and as long-lived as its table.
struct Method {
  MethodSpec spec;
  int index = 0;     // in the table
  std::string path;  // "/package.Service/Name"
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
};

}  // namespace perdure::server
