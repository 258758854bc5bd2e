#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <set>

#include "probe.h"

namespace probe {
namespace {

std::string LinkOf(const std::string& path) {
  std::array<char, 4096> buffer;
  const ssize_t size = readlink(path.c_str(), buffer.data(), buffer.size());
  return std::string(buffer.data(), size > 0 ? static_cast<size_t>(size) : 0);
}

// The file at the other end of `directory`, below it or above it.
void TryReach(const std::string& directory, const std::string& marker) {
  std::string up;
  for (int levels = 0; levels < 12; ++levels) up += "/..";
  for (const std::string& path :
       {directory + marker, directory + up + marker}) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    close(fd);
    Print("REACHED " + path);
  }
}

std::string Comm(int pid) {
  std::string name = Read("/proc/" + std::to_string(pid) + "/comm");
  if (!name.empty()) name.pop_back();
  return name;
}

// The runtime's own processes have such names until their exec.
bool IsRuntime(int pid) { return Comm(pid).rfind("sysbox", 0) == 0; }

// Whatever is opened counts only if the process has not executed yet: what it
// becomes afterwards is the container's own.
void TryFiles(int pid) {
  const std::string proc = "/proc/" + std::to_string(pid);
  auto report = [&](const std::string& name, bool opened) {
    if (opened && IsRuntime(pid)) Print("OPENED " + Comm(pid) + name);
  };
  for (const char* name : {"/mem", "/exe", "/root", "/cwd", "/fd/0"}) {
    const int mode = name == std::string("/mem") ? O_RDWR : O_RDONLY;
    const int fd = open((proc + name).c_str(), mode | O_NONBLOCK | O_CLOEXEC);
    report(name, fd >= 0);
    if (fd >= 0) close(fd);
  }
  // These are checked when they are read.
  for (const char* name : {"/environ", "/maps", "/syscall", "/stack"}) {
    report(name, !Read(proc + name).empty());
  }
}

void TryTrace(int pid) {
  if (ptrace(PTRACE_SEIZE, pid, 0, 0) != 0) return;
  if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0) waitpid(pid, nullptr, __WALL);
  if (IsRuntime(pid)) {
    Print("TRACED " + Comm(pid) + " " +
          LinkOf("/proc/" + std::to_string(pid) + "/exe"));
  }
  ptrace(PTRACE_DETACH, pid, 0, 0);
}

}  // namespace

int ListPids(const Arguments&) {
  for (int pid : Pids()) Print(std::to_string(pid));
  return 0;
}

int ListDescriptors(const Arguments&) {
  // Not by opening /proc/self/fd, which would show a descriptor of its own.
  for (int fd = 0; fd < 1024; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) continue;
    Print(std::to_string(fd) + " " +
          LinkOf("/proc/self/fd/" + std::to_string(fd)));
  }
  return 0;
}

int ReachThroughProc(const Arguments& arguments) {
  const std::string& marker = arguments.at(0);
  TryReach("", marker);
  for (int pid : Pids()) {
    const std::string proc = "/proc/" + std::to_string(pid);
    TryReach(proc + "/root", marker);
    TryReach(proc + "/cwd", marker);
    for (const std::string& fd : Names(proc + "/fd")) {
      TryReach(proc + "/fd/" + fd, marker);
    }
  }
  return 0;
}

// Looks for pids that come, without pause, and tries each while it is young.
int HuntNewcomers(const Arguments& arguments) {
  using Clock = std::chrono::steady_clock;
  const auto end =
      Clock::now() + std::chrono::milliseconds(atoi(arguments.at(0).c_str()));
  std::set<int> executed;
  int seen = 0;
  Print("HUNTING");
  while (Clock::now() < end) {
    for (int pid : Pids()) {
      if (pid == getpid() || executed.count(pid) != 0) continue;
      if (!IsRuntime(pid)) {
        executed.insert(pid);
        continue;
      }
      ++seen;
      TryTrace(pid);
      TryFiles(pid);
    }
  }
  // Says that the races were real ones.
  Print("SEEN " + std::to_string(seen));
  return 0;
}

}  // namespace probe
