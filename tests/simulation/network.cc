#include "tests/simulation/network.h"

namespace perdure::simulation {

void Network::Crash() {
  history_ = nullptr;
  matching_ = nullptr;
  auto open = std::move(open_);
  open_.clear();
  for (auto& [call, fail] : open) std::move(fail)();
}

}  // namespace perdure::simulation
