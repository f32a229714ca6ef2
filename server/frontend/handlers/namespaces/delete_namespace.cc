// A namespace is deleted in one step: its row is marked and renamed, so that its name is free. What it holds
// is removed in the background (server/history/namespace_emptier.h).
#include <algorithm>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "base/status.h"
#include "base/text.h"
#include "base/time.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/namespaces.h"

namespace perdure::server {
namespace {

// So many characters of the id stand in the new name; more where that is taken.
constexpr size_t kIdCharacters = 5;

struct DeletionAsked {
  std::string name;
  absl::Duration row_delay;
  absl::Time now;
};

absl::StatusOr<NamespacePtr> ToDelete(const Frontend& frontend,
                                      const operator_api::DeleteNamespaceRequest& request) {
  const std::string& name = request.namespace_();
  const std::string& id = request.namespace_id();
  if (name.size() > limits::kIdLength) return InvalidArgument("Namespace length exceeds limit.");
  if (name.empty() && id.empty()) return InvalidArgument("Namespace not set on request.");
  if (!name.empty() && !id.empty()) {
    return InvalidArgument("Only one of namespace name or Id should be set on request.");
  }
  if (name == kSystemNamespace) return absl::FailedPreconditionError("unable to delete system namespace");
  const std::optional<Uuid> parsed = Uuid::Parse(id);
  if (!id.empty() && !parsed) return NamespaceNotFound(id);
  return id.empty() ? frontend.namespaces.ByName(name) : frontend.namespaces.ById(*parsed);
}

std::string NameOnceDeleted(const NamespaceRecord& record, size_t id_characters) {
  const std::string suffix = "-deleted-" + record.info().id().substr(0, id_characters);
  const std::string& name = record.info().name();
  return absl::EndsWith(name, suffix) ? name : name + suffix;
}

// One that is being deleted already keeps its name, and takes the new delay.
void MarkDeleted(const DeletionAsked& asked, size_t id_characters, NamespaceRecord& record) {
  auto& deletion = *record.mutable_deletion();
  *deletion.mutable_row_delay() = ToProto(asked.row_delay);
  if (deletion.has_at()) return;
  *deletion.mutable_at() = ToProto(asked.now);
  deletion.set_former_name(record.info().name());
  record.mutable_info()->set_state(temporal::api::enums::v1::NAMESPACE_STATE_DELETED);
  record.mutable_info()->set_name(NameOnceDeleted(record, id_characters));
}

void MarkAndAnswer(NamespaceRegistry& namespaces, CallPtr call, DeletionAsked asked, size_t id_characters) {
  std::string name = asked.name;
  auto mark = [asked, id_characters](NamespaceRecord& record) {
    MarkDeleted(asked, id_characters, record);
    return absl::OkStatus();
  };
  namespaces.Update(std::move(name), std::move(mark),
                    [&namespaces, call = std::move(call), asked = std::move(asked),
                     id_characters](const absl::StatusOr<NamespacePtr>& marked) mutable {
                      const bool taken = absl::IsAlreadyExists(marked.status());
                      if (taken && id_characters < Uuid().ToString().size()) {
                        return MarkAndAnswer(namespaces, std::move(call), std::move(asked),
                                             id_characters + 1);
                      }
                      if (!marked.ok()) return call->Fail(marked.status());
                      operator_api::DeleteNamespaceResponse response;
                      response.set_deleted_namespace((*marked)->settings.name);
                      call->Reply(response);
                    });
}

}  // namespace

void DeleteNamespace(Frontend& frontend, CallPtr call, operator_api::DeleteNamespaceRequest request) {
  const absl::StatusOr<NamespacePtr> found = ToDelete(frontend, request);
  if (!found.ok()) return call->Fail(found.status());
  const std::string& name = (*found)->settings.name;
  const auto& protected_ones = frontend.settings.protected_namespaces;
  if (std::find(protected_ones.begin(), protected_ones.end(), name) != protected_ones.end()) {
    return call->Fail(
        absl::FailedPreconditionError(fmt::format("namespace {} is protected from deletion", Shown(name))));
  }
  call->set_name_space(*found);
  const absl::Duration delay = request.has_namespace_delete_delay()
                                   ? FromProto(request.namespace_delete_delay())
                                   : frontend.settings.namespace_delete_delay;
  MarkAndAnswer(frontend.namespaces, std::move(call),
                {name, std::max(delay, absl::ZeroDuration()), frontend.executor.Now()}, kIdCharacters);
}

}  // namespace perdure::server
