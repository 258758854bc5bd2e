#include "probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace probe {
namespace {

int Pause(const Arguments&) {
  for (;;) pause();
}

int Succeed(const Arguments&) { return 0; }

struct Attack {
  const char* name;
  int (*run)(const Arguments&);
  const char* usage;
};

constexpr Attack kAttacks[] = {
    {"cgroups", MountCgroups, ""},
    {"climb", ClimbOut, "MARKER"},
    {"connect", Connect, "ADDRESS..."},
    {"devices", MakeDevices, "DIRECTORY..."},
    {"fds", ListDescriptors, ""},
    {"handles", OpenHandles, "DIRECTORY..."},
    {"hunt", HuntNewcomers, "MILLISECONDS"},
    {"ipc", TryIpc, "KEY"},
    {"kernel", CallKernel, ""},
    {"keys", TryKeys, "[SERIAL...]"},
    {"kernel-log", ReadKernelLog, "PATH"},
    {"make", MakePrivate, "PATH..."},
    {"memory", UseMemory, "MEBIBYTES"},
    {"mount-anew", MountAnew, "TYPE|PATH|PATH* PLACE"},
    {"mounts", ListMounts, ""},
    {"namespaces", TryNamespaces, ""},
    {"notify", Notify, "STATE... [pause]"},
    {"open", OpenFiles, "PATH..."},
    {"pause", Pause, ""},
    {"pids", ListPids, ""},
    {"procfs", ReachProcfs, "PATH..."},
    {"race", Race, "SECONDS"},
    {"reach", ReachThroughProc, "MARKER"},
    {"rewrite", RewriteAll, "DIRECTORY..."},
    {"set", SetFile, "PATH VALUE..."},
    {"steady", CallSteadily, ""},
    {"swap", SwapForever, "PATH PATH"},
    {"thaw", Thaw, "PATH..."},
    {"thaw-unmounted", ThawUnmounted, "PATH"},
    {"true", Succeed, ""},
};

int Usage() {
  for (const Attack& attack : kAttacks) {
    fprintf(stderr, "probe %s %s\n", attack.name, attack.usage);
  }
  return 2;
}

}  // namespace

void Print(const std::string& line) {
  // One write a line: several processes share the output.
  std::string text = line + "\n";
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) exit(3);
}

void Report(const std::string& what, long returned) {
  const int error = errno;
  Print(what + " " + (returned >= 0 ? "OK" : strerrorname_np(error)));
}

std::vector<std::string> Names(const std::string& directory) {
  std::vector<std::string> names;
  DIR* stream = opendir(directory.c_str());
  if (stream == nullptr) return names;
  while (const dirent* entry = readdir(stream)) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(stream);
  return names;
}

std::string Read(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return "";
  std::string text;
  std::array<char, 65536> buffer;
  // procfs gives a page at a time.
  for (ssize_t size = 1; size > 0 && text.size() < size_t{1} << 20;) {
    size = read(fd, buffer.data(), buffer.size());
    if (size > 0) text.append(buffer.data(), static_cast<size_t>(size));
  }
  close(fd);
  return text;
}

int Write(const std::string& path, const std::string& value) {
  const int fd = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -1;
  const ssize_t size = write(fd, value.data(), value.size());
  const int error = errno;
  close(fd);
  errno = error;
  return size < 0 ? -1 : 0;
}

std::vector<int> Pids() {
  std::vector<int> pids;
  for (const std::string& name : Names("/proc")) {
    const int pid = atoi(name.c_str());
    if (pid > 0) pids.push_back(pid);
  }
  return pids;
}

}  // namespace probe

int main(int argc, char** argv) {
  if (argc < 2) return probe::Usage();
  for (const probe::Attack& attack : probe::kAttacks) {
    if (strcmp(attack.name, argv[1]) == 0) {
      return attack.run(probe::Arguments(argv + 2, argv + argc));
    }
  }
  return probe::Usage();
}
