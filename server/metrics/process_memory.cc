#include "server/metrics/process_memory.h"

#include <malloc.h>

#include <cstdint>

// jemalloc's, when the program is linked with it; its header is not needed for one function.
extern "C" int mallctl(const char* name, void* old, size_t* old_size, void* with, size_t with_size)
    __attribute__((weak));

namespace perdure::server {
namespace {

size_t JemallocCount(const char* name) {
  size_t value = 0;
  size_t size = sizeof(value);
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

}  // namespace

ProcessMemory ReadProcessMemory() {
  if (mallctl != nullptr) {
    uint64_t epoch = 1;  // jemalloc counts anew when it is written
    size_t size = sizeof(epoch);
    mallctl("epoch", &epoch, &size, &epoch, size);
    return {.allocated = JemallocCount("stats.allocated"), .heap = JemallocCount("stats.resident")};
  }
  const struct mallinfo2 info = mallinfo2();
  return {.allocated = info.uordblks + info.hblkhd, .heap = info.arena + info.hblkhd};
}

void ShowProcessMemory(PrometheusMetrics& metrics) {
  metrics.BeforeReading(
      [&allocated = metrics.gauge("memory_allocated", {}), &heap = metrics.gauge("memory_heap", {})] {
        const ProcessMemory memory = ReadProcessMemory();
        allocated.Set(static_cast<double>(memory.allocated));
        heap.Set(static_cast<double>(memory.heap));
      });
}

}  // namespace perdure::server
