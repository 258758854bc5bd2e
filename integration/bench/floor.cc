// What the kernel alone takes for the launches that the bench measures: the
// least that a runtime can do, without reading a config, checking, logging or
// keeping state. Errors end the program. No part of the product; the numbers
// below are those of bundle.cc.
//
//   floor run|create BUNDLE CGROUP PROGRAM   floor exec BUNDLE CGROUP PROGRAM
//   floor start|kill BUNDLE                  floor delete BUNDLE CGROUP
//
// `full` before the verb does all that config.json asks for, without reading
// it, and gives the container cgroups of its own; otherwise only what no
// container can do without.
//
// BUNDLE has rootfs/ and seccomp.bpf, and between create and delete init's
// "pid" and "fifo". CGROUP is a name below the root of every hierarchy.

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "integration/bench/floor_cgroup.h"
#include "integration/bench/floor_rest.h"

namespace sysbox::bench {
namespace {

constexpr unsigned kHostId = 231072;
constexpr char kIdMap[] = "0 231072 65536";
constexpr uint64_t kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                                 CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

pid_t Clone(uint64_t flags, const Cgroup& cgroup) {
  clone_args args = {};
  args.flags = flags;
  args.exit_signal = SIGCHLD;
  if (cgroup.into >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = cgroup.into;
  }
  return Check(syscall(SYS_clone3, &args, sizeof(args)), "clone3");
}

// Only the host's root may make device nodes that work.
int MakeDev() {
  int context = Check(fsopen("tmpfs", FSOPEN_CLOEXEC), "fsopen tmpfs");
  fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0);
  Check(fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "tmpfs");
  int dev = Check(fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID), "/dev");
  struct {
    const char* name;
    unsigned major, minor;
  } constexpr kNodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                          {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
  const mode_t old_umask = umask(0);
  for (const auto& node : kNodes) {
    Check(mknodat(dev, node.name, S_IFCHR | 0666,
                  makedev(node.major, node.minor)),
          "mknod");
    Check(fchownat(dev, node.name, kHostId, kHostId, 0), "chown");
  }
  Check(fchownat(dev, "", kHostId, kHostId, AT_EMPTY_PATH), "chown");
  Check(symlinkat("pts/ptmx", dev, "ptmx"), "symlink");
  Check(symlinkat("/proc/self/fd", dev, "fd"), "symlink");
  umask(old_umask);
  close(context);
  return dev;
}

void BecomeRoot() {
  Check(setgroups(0, nullptr), "setgroups");
  Check(setresgid(0, 0, 0), "setresgid");
  Check(setresuid(0, 0, 0), "setresuid");
}

void LoadSeccomp(std::string instructions) {
  sock_fprog program = {
      static_cast<unsigned short>(instructions.size() / sizeof(sock_filter)),
      reinterpret_cast<sock_filter*>(instructions.data())};
  Check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
}

void MountAll(const std::string& bundle, int root, int dev, bool full) {
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  const std::string path = bundle + "/rootfs";
  Check(move_mount(root, "", AT_FDCWD, path.c_str(),
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS),
        "attach rootfs");
  Check(fchdir(root), "enter rootfs");
  BecomeRoot();
  Check(mount("proc", "proc", "proc", kFlags, nullptr), "mount proc");
  Check(move_mount(dev, "", AT_FDCWD, "dev", MOVE_MOUNT_F_EMPTY_PATH), "/dev");
  for (const char* name : {"dev/pts", "dev/shm", "dev/mqueue"}) {
    Check(mkdir(name, 0755), name);
  }
  Check(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
              "newinstance,ptmxmode=0666,mode=0620,gid=5"),
        "mount devpts");
  Check(mount("sysfs", "sys", "sysfs", kFlags | MS_RDONLY, nullptr), "sysfs");
  Check(mount("mqueue", "dev/mqueue", "mqueue", kFlags, nullptr), "mqueue");
  Check(mount("shm", "dev/shm", "tmpfs", kFlags, "mode=1777,size=67108864"),
        "mount shm");
  if (full) {
    BringUpLoopback();
    MountCgroups();
    WriteSysctls();
    HidePaths();
  }
  Check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  Check(umount2(".", MNT_DETACH), "leave the old root");
  Check(chdir("/"), "chdir");
}

[[noreturn]] void Execute(char** program, std::string seccomp) {
  LoadSeccomp(std::move(seccomp));
  execve(program[0], program, nullptr);
  Check(-1, "execve");
  _exit(125);
}

int Await(pid_t child) {
  int status = 0;
  Check(waitpid(child, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

struct LaunchOptions {
  bool full = false;
  bool wait_for_start = false;
};

CgroupKind Kind(const LaunchOptions& options, bool make) {
  return {make, options.full, kHostId};
}

int Launch(const std::string& bundle, const std::string& cgroup_name,
           char** program, const LaunchOptions& options) {
  const Cgroup cgroup = OpenCgroup(cgroup_name, Kind(options, true));
  const std::string fifo_path = bundle + "/fifo";
  int fifo = -1;
  if (options.wait_for_start) {
    Check(mkfifo(fifo_path.c_str(), 0600), "mkfifo");
    fifo = Check(open(fifo_path.c_str(), O_RDWR | O_CLOEXEC), "open fifo");
  }
  std::string seccomp = ReadFile(bundle + "/seccomp.bpf");
  int root = Check(open_tree(AT_FDCWD, (bundle + "/rootfs").c_str(),
                             OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
                   "clone rootfs");
  int dev = MakeDev();
  int sync[2];
  Check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync), "sync");
  char byte = 0;
  const pid_t child = Clone(kNamespaces, cgroup);
  if (child == 0) {
    Check(read(sync[1], &byte, 1), "await maps");
    JoinCgroup(cgroup);
    Check(unshare(CLONE_NEWCGROUP), "unshare cgroup namespace");
    MountAll(bundle, root, dev, options.full);
    Check(sethostname("bench", 5), "sethostname");
    Check(write(sync[1], &byte, 1), "report");
    if (fifo >= 0) Check(read(fifo, &byte, 1), "await start");
    Execute(program, std::move(seccomp));
  }
  const std::string proc = "/proc/" + std::to_string(child);
  WriteFile(proc + "/uid_map", kIdMap);
  WriteFile(proc + "/gid_map", kIdMap);
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd =
      Check(open((proc + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC), "userns");
  Check(mount_setattr(root, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)),
        "id-map rootfs");
  close(sync[1]);
  Check(write(sync[0], &byte, 1), "release init");
  if (read(sync[0], &byte, 1) != 1) return Await(child);
  if (!options.wait_for_start) return Await(child);
  const std::string pid_path = bundle + "/pid";
  close(creat(pid_path.c_str(), 0600));
  WriteFile(pid_path, std::to_string(child));
  return 0;
}

// One fork: only children of the caller enter a pid namespace anyway.
int Exec(const std::string& bundle, const std::string& cgroup_name,
         char** program, const LaunchOptions& options) {
  const pid_t init = atoi(ReadFile(bundle + "/pid").c_str());
  std::string seccomp = ReadFile(bundle + "/seccomp.bpf");
  int pidfd = Check(syscall(SYS_pidfd_open, init, 0), "pidfd_open");
  const Cgroup cgroup = OpenCgroup(cgroup_name, Kind(options, false));
  Check(setns(pidfd, CLONE_NEWPID), "enter pid namespace");
  const pid_t child = Clone(0, cgroup);
  if (child > 0) return Await(child);
  JoinCgroup(cgroup);
  Check(setns(pidfd, (kNamespaces & ~CLONE_NEWPID) | CLONE_NEWCGROUP), "setns");
  BecomeRoot();
  Execute(program, std::move(seccomp));
}

int Main(int argc, char** argv) {
  LaunchOptions options;
  if (argc > 1 && argv[1] == std::string("full")) {
    options.full = true;
    ++argv;
    --argc;
  }
  const std::string verb = argc > 2 ? argv[1] : "";
  const std::string bundle = argc > 2 ? argv[2] : "";
  const std::string cgroup = argc > 3 ? argv[3] : "";
  options.wait_for_start = verb == "create";
  if (verb == "run" || verb == "create") {
    const int code = Launch(bundle, cgroup, argv + 4, options);
    if (verb == "run") RemoveCgroup(cgroup, Kind(options, false));
    return code;
  }
  if (verb == "exec") return Exec(bundle, cgroup, argv + 4, options);
  if (verb == "start") {
    WriteFile(bundle + "/fifo", "1");
  } else if (verb == "kill") {
    Check(kill(atoi(ReadFile(bundle + "/pid").c_str()), SIGKILL), "kill");
  } else if (verb == "delete") {
    RemoveCgroup(cgroup, Kind(options, false));
    unlink((bundle + "/pid").c_str());
    unlink((bundle + "/fifo").c_str());
  } else {
    fprintf(stderr, "floor: unknown verb \"%s\"\n", verb.c_str());
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace sysbox::bench

int main(int argc, char** argv) { return sysbox::bench::Main(argc, argv); }
