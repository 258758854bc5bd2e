// Real calls of a process in namespaces of its own, trapped by a real filter.
#include "sysbox/trap/dispatcher.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/credentials.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/seccomp_filter.h"
#include "sysbox/linux/socket.h"
#include "sysbox/seccomp/profile.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/user_namespace.h"
#include "sysbox/trap/table.h"

namespace sysbox::trap {
namespace {

class FakeHost : public Host {
 public:
  absl::StatusOr<SystemNumbers> Numbers(const Container& container,
                                        pid_t) override {
    if (container.id == "slow") {
      asked.Notify();
      may_answer.WaitForNotification();
    }
    SystemNumbers numbers;
    numbers.uptime = container.id == "web" ? 42 : 0;
    numbers.total_ram = 12345678;
    return numbers;
  }
  absl::StatusOr<size_t> CpuCount(const Container&, pid_t) override {
    return 1;
  }
  absl::Notification asked;  // by "slow"
  absl::Notification may_answer;
};

// What the process sends with its listener: its pid as the host has it.
absl::Status LoadTraps(FdRef socket) {
  const auto overrides = Overrides({.cpu_quota = true});
  SYSBOX_ASSIGN_OR_RETURN(
      seccomp::Program program,
      seccomp::CompileProfile(seccomp::UnconfinedProfile(), "s", overrides));
  SYSBOX_ASSIGN_OR_RETURN(
      Fd listener, LoadSeccompFilter(program.instructions, program.flags));
  SYSBOX_ASSIGN_OR_RETURN(std::string pid, ReadLink("/proc/self"));
  SYSBOX_RETURN_IF_ERROR(SendMessage(socket, pid, {listener}));
  return ReceiveMessage(socket, 1, 0).status();
}

absl::Status ServeProcess(Dispatcher& dispatcher, FdRef socket,
                          const std::string& id) {
  SYSBOX_ASSIGN_OR_RETURN(ReceivedMessage message,
                          ReceiveMessage(socket, 32, 1));
  Container container;
  container.id = id;
  container.init = static_cast<pid_t>(std::stoi(message.data));
  SYSBOX_ASSIGN_OR_RETURN(container.init_start, StartTimeTicks(container.init));
  SYSBOX_ASSIGN_OR_RETURN(Fd user,
                          OpenNamespace(container.init, NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(container.user_namespace, IdOf(user));
  SYSBOX_RETURN_IF_ERROR(
      dispatcher.Serve(container, id + ".0", std::move(message.fds[0])));
  return SendMessage(socket, "!", {});
}

// The process that makes a container, and its sockets.
struct Maker {
  pid_t process = -1;
  Fd listeners;
  Fd result;

  std::string Result() const {
    return VALUE_OF(ReceiveMessage(result, 4096, 0)).data;
  }
};

// Runs `body` as root of a container whose calls are intercepted, once somebody
// serves it. The container comes from a process of its own, made while nobody
// else has threads' locks in his hands.
template <typename Body>
Maker MakeContainer(Body body) {
  auto [ours, theirs] = VALUE_OF(SocketPair(SocketKind::kSeqPacket));
  auto [result, report] = VALUE_OF(SocketPair(SocketKind::kSeqPacket));
  const pid_t process = fork();
  if (process == 0) {
    ours.Reset();
    const absl::Status done = testing::RunInUserNamespace(
        CLONE_NEWNS | CLONE_NEWPID, [&, &socket = theirs]() -> absl::Status {
          SYSBOX_RETURN_IF_ERROR(LoadTraps(socket));
          return body();
        });
    _exit(SendMessage(report, "=" + done.ToString(), {}).ok() ? 0 : 1);
  }
  return {process, std::move(ours), std::move(result)};
}

template <typename Body>
absl::Status RunTrapped(Body body) {
  const Maker maker = MakeContainer(body);
  const Fd gone = VALUE_OF(MakeEventFd());
  DispatcherOptions options;
  options.on_gone = [&](const std::string&) { (void)SignalEventFd(gone); };
  auto dispatcher =
      VALUE_OF(Dispatcher::Create(std::make_shared<FakeHost>(), options));
  CHECK_OK(ServeProcess(*dispatcher, maker.listeners, "web"));
  const std::string said = maker.Result();
  REQUIRE(waitpid(maker.process, nullptr, 0) == maker.process);
  CHECK(VALUE_OF(WaitReadable(gone, 10000)));
  CHECK(dispatcher->listener_count() == 0);
  return said == "=OK" ? absl::OkStatus() : absl::UnknownError(said);
}

absl::Status MountScratch() {
  if (mount("t", "/mnt", "tmpfs", 0, "mode=755") != 0) {
    return ErrnoStatus(errno, "mount tmpfs");
  }
  return absl::OkStatus();
}

std::string Content(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("sysinfo has the container's numbers") {
  CHECK_OK(RunTrapped([]() -> absl::Status {
    struct sysinfo info = {};
    RETURN_UNLESS(sysinfo(&info) == 0);
    RETURN_UNLESS(info.uptime == 42);
    RETURN_UNLESS(info.totalram * info.mem_unit == 12345678);
    RETURN_UNLESS(sysinfo(reinterpret_cast<struct sysinfo*>(16)) == -1);
    RETURN_UNLESS(errno == EFAULT);
    return absl::OkStatus();
  }));
}

TEST_CASE("a call that lasts holds up no other container") {
  auto [slow_begins, slow_may] = VALUE_OF(SocketPair(SocketKind::kSeqPacket));
  auto [web_begins, web_may] = VALUE_OF(SocketPair(SocketKind::kSeqPacket));
  const auto ask_when = [](FdRef may) {
    return [may]() -> absl::Status {
      SYSBOX_RETURN_IF_ERROR(ReceiveMessage(may, 1, 0).status());
      struct sysinfo info = {};
      RETURN_UNLESS(sysinfo(&info) == 0);
      return absl::OkStatus();
    };
  };
  const Maker slow = MakeContainer(ask_when(slow_may));
  const Maker web = MakeContainer(ask_when(web_may));
  auto host = std::make_shared<FakeHost>();
  auto dispatcher = VALUE_OF(Dispatcher::Create(host));
  CHECK_OK(ServeProcess(*dispatcher, slow.listeners, "slow"));
  CHECK_OK(ServeProcess(*dispatcher, web.listeners, "web"));
  CHECK_OK(SendMessage(slow_begins, "!", {}));
  host->asked.WaitForNotification();
  CHECK_OK(SendMessage(web_begins, "!", {}));
  CHECK(VALUE_OF(WaitReadable(web.result, 10000)));
  host->may_answer.Notify();
  for (const Maker* maker : {&slow, &web}) {
    CHECK(maker->Result() == "=OK");
    REQUIRE(waitpid(maker->process, nullptr, 0) == maker->process);
  }
}

// As the system call answers; the library's function hides its result.
long AskAffinity(pid_t tid, size_t size, void* mask) {
  return syscall(SYS_sched_getaffinity, tid, size, mask);
}

int CpusOf(pid_t tid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  return AskAffinity(tid, sizeof set, &set) > 0 ? CPU_COUNT(&set) : -1;
}

TEST_CASE("as many CPUs are in an affinity mask as the container has") {
  CHECK_OK(RunTrapped([]() -> absl::Status {
    RETURN_UNLESS(CpusOf(0) == 1);
    RETURN_UNLESS(CpusOf(getpid()) == 1);
    const pid_t child = fork();
    if (child == 0) {
      for (;;) pause();
    }
    const int theirs = CpusOf(child);
    kill(child, SIGKILL);
    RETURN_UNLESS(waitpid(child, nullptr, 0) == child);
    RETURN_UNLESS(theirs == 1);
    RETURN_UNLESS(CpusOf(child) == -1 && errno == ESRCH);
    RETURN_UNLESS(CpusOf(-1) == -1 && errno == ESRCH);
    char mask[128];
    RETURN_UNLESS(AskAffinity(0, 9, mask) == -1 && errno == EINVAL);
    RETURN_UNLESS(AskAffinity(-1, 0, mask) == -1 && errno == EINVAL);
    RETURN_UNLESS(AskAffinity(0, 128, nullptr) == -1 && errno == EFAULT);
    return absl::OkStatus();
  }));
}

TEST_CASE("harmless nodes are made as the caller would make files") {
  CHECK_OK(RunTrapped([]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(MountScratch());
    umask(027);
    RETURN_UNLESS(mknod("/mnt/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
    struct stat status = {};
    RETURN_UNLESS(stat("/mnt/null", &status) == 0);
    RETURN_UNLESS(status.st_rdev == makedev(1, 3));
    RETURN_UNLESS(status.st_mode == (S_IFCHR | 0640));
    RETURN_UNLESS(status.st_uid == 0 && status.st_gid == 0);
    RETURN_UNLESS(mknod("/mnt/null", S_IFCHR | 0666, makedev(1, 3)) == -1 &&
                  errno == EEXIST);
    RETURN_UNLESS(mknod("/mnt/mem", S_IFCHR | 0666, makedev(1, 1)) == -1 &&
                  errno == EPERM);
    RETURN_UNLESS(mknod("/mnt/fifo", S_IFIFO | 0666, 0) == 0);
    const int directory = open("/mnt", O_PATH | O_DIRECTORY);
    RETURN_UNLESS(mknodat(directory, "zero", S_IFCHR | 0666, makedev(1, 5)) ==
                  0);
    RETURN_UNLESS(mknodat(99, "zero", S_IFCHR | 0666, makedev(1, 5)) == -1 &&
                  errno == EBADF);
    RETURN_UNLESS(mknodat(99, "/mnt/full", S_IFCHR | 0666, makedev(1, 7)) == 0);
    return absl::OkStatus();
  }));
}

TEST_CASE("nodes stay below the caller's root, and where it may write") {
  CHECK_OK(RunTrapped([]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(MountScratch());
    RETURN_UNLESS(mkdir("/mnt/jail", 0755) == 0);
    RETURN_UNLESS(symlink("/", "/mnt/jail/up") == 0);
    RETURN_UNLESS(chroot("/mnt/jail") == 0);
    RETURN_UNLESS(chdir("/") == 0);
    RETURN_UNLESS(mknod("../up/../a", S_IFCHR | 0666, makedev(1, 3)) == 0);
    RETURN_UNLESS(access("/a", F_OK) == 0);
    RETURN_UNLESS(mkdir("/roots", 0755) == 0);
    // As another user who kept the capability, and no other.
    SYSBOX_RETURN_IF_ERROR(KeepCapabilitiesOverSetuid(true));
    SYSBOX_RETURN_IF_ERROR(SetUserIds(1000));
    SYSBOX_ASSIGN_OR_RETURN(CapabilitySets sets, OwnCapabilities());
    sets.effective = sets.permitted = CapabilitySet{1} << 27;  // CAP_MKNOD
    SYSBOX_RETURN_IF_ERROR(SetCapabilities(sets));
    RETURN_UNLESS(mknod("/roots/x", S_IFCHR | 0666, makedev(1, 3)) == -1 &&
                  errno == EACCES);
    return absl::OkStatus();
  }));
}

bool IsRefused(const char* path) {
  return mknod(path, S_IFCHR | 0666, makedev(1, 3)) == -1 && errno == EACCES;
}

TEST_CASE("a nested user namespace's rights end at strangers' directories") {
  CHECK_OK(RunTrapped([]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(MountScratch());
    umask(0);
    RETURN_UNLESS(mkdir("/mnt/roots", 0700) == 0);
    RETURN_UNLESS(mkdir("/mnt/roots/open", 0777) == 0);
    RETURN_UNLESS(mkdir("/mnt/users", 0700) == 0);
    RETURN_UNLESS(mkdir("/mnt/users/deep", 0700) == 0);
    RETURN_UNLESS(chown("/mnt/users", 1000, 1000) == 0);
    RETURN_UNLESS(chown("/mnt/users/deep", 1000, 1000) == 0);
    // The container's root passes over permissions of whom it knows.
    SYSBOX_ASSIGN_OR_RETURN(CapabilitySets sets, OwnCapabilities());
    RETURN_UNLESS((sets.effective >> 1 & 1) != 0);  // CAP_DAC_OVERRIDE
    RETURN_UNLESS(mknod("/mnt/users/deep/x", S_IFCHR | 0666, makedev(1, 3)) ==
                  0);
    RETURN_UNLESS(mknod("/mnt/users/none/x", S_IFCHR | 0666, makedev(1, 3)) ==
                      -1 &&
                  errno == ENOENT);
    SYSBOX_RETURN_IF_ERROR(SetUserIds(1000));
    RETURN_UNLESS(unshare(CLONE_NEWUSER) == 0);
    for (const char* path : {"/mnt/roots/x", "/mnt/roots/none/x",
                             "/mnt/roots/open/x", "/mnt/roots/open/../x"}) {
      RETURN_UNLESS(IsRefused(path));
    }
    RETURN_UNLESS(mknod("/mnt/users/y", S_IFCHR | 0666, makedev(1, 3)) == 0);
    return absl::OkStatus();
  }));
}

TEST_CASE("a new procfs carries what lies over the old one") {
  CHECK_OK(RunTrapped([]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(MountScratch());
    RETURN_UNLESS(mount("m", "/proc/driver", "tmpfs", MS_RDONLY, "") == 0);
    RETURN_UNLESS(mkdir("/mnt/p", 0755) == 0);
    RETURN_UNLESS(mount("proc", "/mnt/p", "proc", MS_NOSUID, "hidepid=1") == 0);
    char self[16] = {};
    RETURN_UNLESS(readlink("/mnt/p/self", self, sizeof self) == 1);
    RETURN_UNLESS(self[0] == '1');
    struct stat above = {};
    struct stat below = {};
    RETURN_UNLESS(stat("/mnt/p/driver", &above) == 0);
    RETURN_UNLESS(stat("/proc/driver", &below) == 0);
    RETURN_UNLESS(above.st_dev == below.st_dev);
    RETURN_UNLESS(Content("/proc/self/mountinfo").find("hidepid") !=
                  std::string::npos);
    // A bind of it takes it along.
    RETURN_UNLESS(mkdir("/mnt/q", 0755) == 0);
    RETURN_UNLESS(mount("/mnt/p", "/mnt/q", nullptr, MS_BIND, nullptr) == 0);
    RETURN_UNLESS(stat("/mnt/q/driver", &above) == 0);
    RETURN_UNLESS(above.st_dev == below.st_dev);
    RETURN_UNLESS(umount2("/mnt/q", MNT_DETACH) == 0);
    RETURN_UNLESS(umount("/mnt/p") == 0);
    RETURN_UNLESS(umount("/mnt/p") == -1 && errno == EINVAL);
    RETURN_UNLESS(mount("proc", "/mnt/none", "proc", 0, nullptr) == -1 &&
                  errno == ENOENT);
    return absl::OkStatus();
  }));
}

// Linux 6.18: a name that has to be looked up where the caller is.
TEST_CASE("a procfs is of no pid namespace that only others can name") {
  CHECK_OK(RunTrapped([]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(MountScratch());
    RETURN_UNLESS(mount("m", "/proc/driver", "tmpfs", MS_RDONLY, "") == 0);
    RETURN_UNLESS(mkdir("/mnt/p", 0755) == 0);
    for (const char* option :
         {"pidns=/proc/1/ns/pid", "pidns=/proc/self/ns/pid"}) {
      if (mount("proc", "/mnt/p", "proc", 0, option) != 0) continue;
      char self[16] = {};
      RETURN_UNLESS(readlink("/mnt/p/self", self, sizeof self) == 1);
      RETURN_UNLESS(self[0] == '1');
      RETURN_UNLESS(umount2("/mnt/p", MNT_DETACH) == 0);
    }
    return absl::OkStatus();
  }));
}

TEST_CASE("a procfs of another's pid namespace is the kernel's to refuse") {
  CHECK_OK(RunTrapped([]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(MountScratch());
    RETURN_UNLESS(mkdir("/mnt/p", 0755) == 0);
    RETURN_UNLESS(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
    RETURN_UNLESS(mount("proc", "/mnt/p", "proc", 0, nullptr) == -1);
    RETURN_UNLESS(errno == EPERM);
    return absl::OkStatus();
  }));
}

}  // namespace
}  // namespace sysbox::trap
