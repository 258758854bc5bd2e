// Start-up cost of Docker's profile (performance.md, G9).

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "benchmark/benchmark.h"
#include "sysbox/linux/seccomp_filter.h"
#include "sysbox/oci/spec_json.h"
#include "sysbox/seccomp/libseccomp_filter.h"
#include "sysbox/seccomp/profile.h"

namespace sysbox::seccomp {
namespace {

constexpr Override kTraps[] = {{"fsconfig", SECCOMP_RET_USER_NOTIF},
                               {"fsmount", SECCOMP_RET_USER_NOTIF},
                               {"fsopen", SECCOMP_RET_USER_NOTIF},
                               {"mount", SECCOMP_RET_USER_NOTIF},
                               {"move_mount", SECCOMP_RET_USER_NOTIF},
                               {"open_tree", SECCOMP_RET_USER_NOTIF},
                               {"openat2", SECCOMP_RET_USER_NOTIF},
                               {"umount2", SECCOMP_RET_USER_NOTIF}};

oci::Seccomp DockerProfile() {
  std::ifstream stream("sysbox/seccomp/testdata/docker_20_10_all_caps.json");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto spec = oci::ParseSpec(text);
  if (!spec.ok()) std::abort();
  return *spec->linux->seccomp;
}

void BM_Compile(benchmark::State& state) {
  const oci::Seccomp profile = DockerProfile();
  size_t size = 0;
  for (auto _ : state) {
    const auto program = CompileProfile(profile, "linux.seccomp", kTraps);
    if (!program.ok()) std::abort();
    size = program->instructions.size();
  }
  state.counters["instructions"] = static_cast<double>(size);
}
BENCHMARK(BM_Compile);

void BM_CompileWithLibseccomp(benchmark::State& state) {
  const oci::Seccomp profile = DockerProfile();
  size_t size = 0;
  for (auto _ : state) {
    size = LibseccompFilter::Build(profile, kX86Family)->program().size();
  }
  state.counters["instructions"] = static_cast<double>(size);
}
BENCHMARK(BM_CompileWithLibseccomp);

// Loads once per child, since filters add up; the child times itself.
void BM_Load(benchmark::State& state) {
  const auto program = CompileProfile(DockerProfile(), "linux.seccomp", {});
  if (!program.ok()) std::abort();
  for (auto _ : state) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      timespec before, after;
      clock_gettime(CLOCK_MONOTONIC, &before);
      const auto loaded =
          LoadSeccompFilter(program->instructions, program->flags);
      clock_gettime(CLOCK_MONOTONIC, &after);
      const double seconds =
          loaded.ok()
              ? static_cast<double>(after.tv_sec - before.tv_sec) +
                    1e-9 * static_cast<double>(after.tv_nsec - before.tv_nsec)
              : -1;
      (void)!write(ends[1], &seconds, sizeof(seconds));
      _exit(0);
    }
    double seconds = -1;
    if (read(ends[0], &seconds, sizeof(seconds)) < 0 || seconds < 0) {
      state.SkipWithError("load failed");
    }
    waitpid(child, nullptr, 0);
    close(ends[0]);
    close(ends[1]);
    state.SetIterationTime(seconds);
  }
}
BENCHMARK(BM_Load)->UseManualTime();

}  // namespace
}  // namespace sysbox::seccomp

BENCHMARK_MAIN();
