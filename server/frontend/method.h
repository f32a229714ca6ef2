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
// What a call concerns: with kNamespace, the one that its request or its task token names.
enum class Scope { kCluster, kNamespace };
// Whether a call waits for something to happen.
enum class Polling { kNever, kMay, kAlways };
// Which part of the server answers, and by what of the request the owner is found.
enum class Routing { kLocal, kWorkflow, kTaskToken, kTaskQueue, kStore };

// Reads the request and sees to it that the call is answered.
using Handler = void (*)(Frontend& frontend, CallPtr call, BytesSource request);

struct MethodSpec {
  ApiService service;
  std::string_view name;
  Access access;
  Scope scope;
  Polling polling;
  Routing routing;
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
