// Making a process: the bare clone, and a whole hook.
#include <unistd.h>

#include "benchmark/benchmark.h"
#include "sysbox/linux/process.h"

namespace sysbox {
namespace {

void CloneAndWait(benchmark::State& state) {
  for (auto _ : state) {
    auto child = Clone({});
    if (child.ok() && !child->has_value()) _exit(0);
    if (!child.ok() || !(*child)->Wait().ok()) {
      state.SkipWithError("clone");
      break;
    }
  }
}
BENCHMARK(CloneAndWait);

void Hook(benchmark::State& state) {
  const Command command = {
      .path = "/bin/true", .args = {"true"}, .input = "{}"};
  for (auto _ : state) {
    if (!RunCommand(command).ok()) {
      state.SkipWithError("run");
      break;
    }
  }
}
BENCHMARK(Hook);

}  // namespace
}  // namespace sysbox

BENCHMARK_MAIN();
