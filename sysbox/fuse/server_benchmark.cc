// open, read, close of small files: the kernel's own against ours, whose server
// is another process, as in life.

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>

#include "benchmark/benchmark.h"
#include "sysbox/fuse/fuse_mount.h"
#include "sysbox/fuse/server.h"
#include "sysbox/fuse/toy_tree.h"
#include "sysbox/linux/file.h"

namespace sysbox::fuse {
namespace {

class ServerProcess {
 public:
  explicit ServerProcess(ServiceKind kind) {
    FuseMount made = *MakeFuseMount({});
    mount_ = std::move(made.mount);
    pid_ = fork();
    if (pid_ == 0) Serve(std::move(made.device), kind);
  }
  ~ServerProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  FdRef root() const { return mount_.fd(); }

 private:
  [[noreturn]] static void Serve(Fd device, ServiceKind kind) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto server = Server::Start({});
    if (!server.ok()) abort();
    auto id = (*server)->Add(std::move(device), std::make_shared<ToyTree>(),
                             {.kind = kind});
    if (!id.ok()) abort();
    for (;;) pause();
  }
  DetachedMount mount_;
  pid_t pid_;
};

bool ReadOnce(FdRef directory, const char* path, bool to_the_end) {
  const int fd = openat(directory.get(), path, O_RDONLY | O_CLOEXEC);
  char buffer[4096];
  ssize_t size = read(fd, buffer, sizeof buffer);
  const bool ok = size > 0;
  while (to_the_end && size > 0) size = read(fd, buffer, sizeof buffer);
  close(fd);
  return ok;
}

void Measure(benchmark::State& state, FdRef directory, const char* path,
             bool to_the_end) {
  for (auto _ : state) {
    if (!ReadOnce(directory, path, to_the_end)) {
      state.SkipWithError("read");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_NativeSysctl(benchmark::State& state) {
  Measure(state, FdRef::Cwd(), "/proc/sys/kernel/pid_max", false);
}
BENCHMARK(BM_NativeSysctl)->UseRealTime();

void BM_NativeUptime(benchmark::State& state) {
  Measure(state, FdRef::Cwd(), "/proc/uptime", false);
}
BENCHMARK(BM_NativeUptime)->UseRealTime();

void BM_Static(benchmark::State& state) {
  ServerProcess server(ServiceKind::kStatic);
  Measure(state, server.root(), "value", false);
}
BENCHMARK(BM_Static)->UseRealTime();

void BM_Live(benchmark::State& state) {
  ServerProcess server(ServiceKind::kLive);
  Measure(state, server.root(), "count", false);
}
BENCHMARK(BM_Live)->UseRealTime();

void BM_LiveToTheEnd(benchmark::State& state) {
  ServerProcess server(ServiceKind::kLive);
  Measure(state, server.root(), "count", true);
}
BENCHMARK(BM_LiveToTheEnd)->UseRealTime();

std::unique_ptr<ServerProcess> shared_server;  // of the readers' threads

void BM_LiveReaders(benchmark::State& state) {
  if (state.thread_index() == 0) {
    shared_server = std::make_unique<ServerProcess>(ServiceKind::kLive);
  }
  for (auto _ : state) {
    if (!ReadOnce(shared_server->root(), "count", false)) abort();
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) shared_server.reset();
}
BENCHMARK(BM_LiveReaders)->Threads(16)->UseRealTime();

}  // namespace
}  // namespace sysbox::fuse

BENCHMARK_MAIN();
