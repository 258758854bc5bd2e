// What reading config.json costs each launch.
#include <fstream>
#include <sstream>
#include <string>

#include "benchmark/benchmark.h"
#include "sysbox/oci/spec_json.h"
#include "sysbox/oci/validate.h"

namespace sysbox::oci {
namespace {

std::string DockerConfig() {
  std::ifstream file("sysbox/oci/corpus/spec/docker.json");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void ParseDockerConfig(benchmark::State& state) {
  const std::string text = DockerConfig();
  for (auto _ : state) {
    auto spec = ParseSpec(text);
    if (!spec.ok()) return state.SkipWithError("docker.json does not parse");
    benchmark::DoNotOptimize(spec);
  }
  state.SetBytesProcessed(
      static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(ParseDockerConfig);

void ValidateDockerConfig(benchmark::State& state) {
  auto spec = ParseSpec(DockerConfig());
  if (!spec.ok()) return state.SkipWithError("docker.json does not parse");
  for (auto _ : state) benchmark::DoNotOptimize(ValidateSpec(*spec));
}
BENCHMARK(ValidateDockerConfig);

void WriteDockerConfig(benchmark::State& state) {
  auto spec = ParseSpec(DockerConfig());
  if (!spec.ok()) return state.SkipWithError("docker.json does not parse");
  for (auto _ : state) benchmark::DoNotOptimize(WriteSpec(*spec));
}
BENCHMARK(WriteDockerConfig);

}  // namespace
}  // namespace sysbox::oci

BENCHMARK_MAIN();
