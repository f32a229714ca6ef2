#include "server/frontend/handlers/handlers.h"
#include "server/frontend/namespaces.h"

namespace perdure::server {

void DeprecateNamespace(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                        api::DeprecateNamespaceRequest /*request*/) {
  frontend.namespaces.Update(
      name_space->settings.name,
      [](NamespaceRecord& record) {
        if (record.has_deletion()) return NamespaceGone(record);
        record.mutable_info()->set_state(temporal::api::enums::v1::NAMESPACE_STATE_DEPRECATED);
        return absl::OkStatus();
      },
      [call = std::move(call)](const absl::StatusOr<NamespacePtr>& changed) mutable {
        if (!changed.ok()) return call->Fail(changed.status());
        call->Reply(api::DeprecateNamespaceResponse());
      });
}

}  // namespace perdure::server
