#include "server/cli/version.h"

namespace perdure::server {

std::string VersionLine() { return "Perdure 0.1.0 (behaves as Temporal Server 1.32.0)"; }

}  // namespace perdure::server
