// open, read, close below /proc/sys: the kernel's own files against ours,
// served by another process as in life, over the host's real values.
#include <fcntl.h>
#include <ftw.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "benchmark/benchmark.h"
#include "sysbox/emu/emulated_tree.h"
#include "sysbox/emu/fake_view.h"
#include "sysbox/fuse/fuse_mount.h"
#include "sysbox/fuse/server.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::emu {
namespace {

class ServerProcess {
 public:
  ServerProcess() {
    for (const char* scope : {"host", "uts", "ipc", "network"}) {
      if (!Symlink("/", root_ / scope).ok()) abort();
    }
    fuse::FuseMount made = *fuse::MakeFuseMount({});
    mount_ = std::move(made.mount);
    pid_ = fork();
    if (pid_ == 0) Serve(std::move(made.device));
  }
  ~ServerProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  // Reached through a magic link, as a container reaches it through a mount.
  std::string Path(const char* path) const {
    return ProcPath(mount_.fd()) + path;
  }

 private:
  [[noreturn]] void Serve(Fd device) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    FakeView view(root_.path());
    auto server = fuse::Server::Start({});
    if (!server.ok()) abort();
    auto id = (*server)->Add(std::move(device),
                             MakeEmulatedTree(view, Superblock::kStatic),
                             {.kind = fuse::ServiceKind::kStatic});
    if (!id.ok()) abort();
    for (;;) pause();
  }
  testing::TempDir root_;
  DetachedMount mount_;
  pid_t pid_;
};

void ReadAgain(benchmark::State& state, const std::string& path) {
  for (auto _ : state) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    char buffer[4096];
    if (read(fd, buffer, sizeof buffer) <= 0) state.SkipWithError("read");
    close(fd);
  }
}

void BM_Native(benchmark::State& state) {
  ReadAgain(state, "/proc/self/root/proc/sys/vm/swappiness");
}
BENCHMARK(BM_Native)->UseRealTime();

void BM_Private(benchmark::State& state) {
  const ServerProcess server;
  ReadAgain(state, server.Path("/proc/sys/vm/swappiness"));
}
BENCHMARK(BM_Private)->UseRealTime();

void BM_Host(benchmark::State& state) {
  const ServerProcess server;
  ReadAgain(state, server.Path("/proc/sys/kernel/osrelease"));
}
BENCHMARK(BM_Host)->UseRealTime();

void BM_Namespace(benchmark::State& state) {
  const ServerProcess server;
  ReadAgain(state, server.Path("/proc/sys/kernel/hostname"));
}
BENCHMARK(BM_Namespace)->UseRealTime();

int CountFile(const char*, const struct stat*, int, FTW*) { return 0; }

void Walk(benchmark::State& state, const std::string& path) {
  for (auto _ : state) {
    if (nftw(path.c_str(), CountFile, 16, FTW_PHYS) != 0) {
      state.SkipWithError("nftw");
    }
  }
}

void BM_WalkNative(benchmark::State& state) {
  Walk(state, "/proc/self/root/proc/sys/kernel");
}
BENCHMARK(BM_WalkNative)->UseRealTime();

void BM_Walk(benchmark::State& state) {
  const ServerProcess server;
  Walk(state, server.Path("/proc/sys/kernel"));
}
BENCHMARK(BM_Walk)->UseRealTime();

}  // namespace
}  // namespace sysbox::emu

BENCHMARK_MAIN();
