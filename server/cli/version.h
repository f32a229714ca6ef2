// What this program is called and which version it is.
#pragma once

#include <string>

namespace perdure::server {

// "Perdure 0.1.0 (behaves as Temporal Server 1.32.0)"
std::string VersionLine();

}  // namespace perdure::server
