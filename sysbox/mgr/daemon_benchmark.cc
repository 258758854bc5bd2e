// What a launch pays the manager: a registration over a fresh connection, one
// over a standing connection, and one without a daemon.

#include <thread>

#include "benchmark/benchmark.h"
#include "sysbox/api/client.h"
#include "sysbox/base/log.h"
#include "sysbox/mgr/daemon.h"
#include "sysbox/mgr/embedded_manager.h"
#include "sysbox/mgr/test_process.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mgr {
namespace {

struct Host {
  Host() {
    (void)ConfigureLog({.level = LogLevel::kError, .path = ""});
    DaemonOptions options;
    options.registration = OptionsBelow(dir);
    options.run_dir = dir / "run";
    daemon = *Daemon::Create(options);
    thread = std::thread([this] { (void)daemon->Run(); });
  }
  ~Host() {
    daemon->Stop();
    thread.join();
  }
  testing::TempDir dir;
  std::string socket = dir / "run/sysbox.sock";
  std::unique_ptr<Daemon> daemon;
  std::thread thread;
};

api::Registration Web() {
  api::Registration registration;
  registration.id = "web";
  registration.bundle = "/run/containerd/io.containerd.runtime.v2.task/x";
  return registration;
}

void BM_ConnectAndRegister(benchmark::State& state) {
  Host host;
  for (auto _ : state) {
    auto manager = *api::ConnectManager(host.socket);
    if (!manager->Register(Web()).ok()) state.SkipWithError("register");
    state.PauseTiming();
    (void)manager->Unregister("web");
    manager.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_ConnectAndRegister)->UseRealTime();

void BM_RegisterUnregister(benchmark::State& state) {
  Host host;
  auto manager = *api::ConnectManager(host.socket);
  for (auto _ : state) {
    if (!manager->Register(Web()).ok()) state.SkipWithError("register");
    if (!manager->Unregister("web").ok()) state.SkipWithError("unregister");
  }
}
BENCHMARK(BM_RegisterUnregister)->UseRealTime();

// All three calls of a life, with `range` other containers registered.
void BM_LifeAmongOthers(benchmark::State& state) {
  Host host;
  auto manager = *api::ConnectManager(host.socket);
  for (int64_t i = 0; i < state.range(0); ++i) {
    api::Registration other = Web();
    other.id = std::to_string(i);
    (void)manager->Register(std::move(other));
  }
  OwnedChild init = StartIdleProcess();
  for (auto _ : state) {
    if (!manager->Register(Web()).ok() ||
        !manager->Activate("web", init.pidfd()).ok() ||
        !manager->Unregister("web").ok()) {
      state.SkipWithError("life");
    }
  }
}
BENCHMARK(BM_LifeAmongOthers)->Arg(0)->Arg(4000)->UseRealTime();

void BM_EmbeddedOpenAndRegister(benchmark::State& state) {
  testing::TempDir dir;
  for (auto _ : state) {
    auto manager = *MakeEmbeddedManager(OptionsBelow(dir));
    if (!manager->Register(Web()).ok()) state.SkipWithError("register");
  }
}
BENCHMARK(BM_EmbeddedOpenAndRegister)->UseRealTime();

}  // namespace
}  // namespace sysbox::mgr

BENCHMARK_MAIN();
