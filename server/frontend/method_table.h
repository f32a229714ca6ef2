// The method table: every RPC of the API, once. Both wires, metrics and authorization read it. Names and
// message types come from the API's descriptors; what they do not say stands in method_table.cc, one line an
// RPC. Which part of the server a call concerns is the handler's: its form says whether it is of a namespace
// or a task token.
//
// Thread safety: constant after construction.
#pragma once

#include <span>
#include <vector>

#include "server/frontend/method.h"

namespace google::protobuf {
class ServiceDescriptor;
}

namespace perdure::server {

const google::protobuf::ServiceDescriptor& Descriptor(ApiService service);

class MethodTable {
 public:
  // REQUIRES: the lines name exactly the methods of the descriptors (else the process ends: a build is
  // wrong).
  MethodTable();
  MethodTable(const MethodTable&) = delete;
  MethodTable& operator=(const MethodTable&) = delete;

  std::span<const Method> methods() const { return methods_; }
  const Method* Find(std::string_view name) const;

 private:
  std::vector<Method> methods_;
};

}  // namespace perdure::server
