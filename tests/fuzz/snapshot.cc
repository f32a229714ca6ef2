// A damaged snapshot is an error, never a crash; one that decodes encodes to the same state again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "engine/workflow/workflow.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto state =
      perdure::engine::workflow::DecodeSnapshot(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!state.ok()) return 0;
  const std::string encoded = EncodeSnapshot(*state);
  const auto again = perdure::engine::workflow::DecodeSnapshot(encoded);
  PERDURE_CHECK(again.ok() && EncodeSnapshot(*again) == encoded, "encoding is stable");
  // What the host asks of any state that it loaded.
  ObligationsOf(*state);
  ApproximateBytes(*state);
  return 0;
}
