
#include "sysbox/linux/credentials.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/linux/seccomp_filter.h"

namespace sysbox {
namespace {

// Runs `body` in a forked process: what it changes does not outlive it.
int CodeOf(const std::function<int()>& body) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) _exit(body());
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

constexpr CapabilitySet Bit(int number) { return CapabilitySet{1} << number; }

TEST_CASE("capability names and numbers map onto one another") {
  std::set<std::string_view> names;
  for (int number = 0; number <= CAP_LAST_CAP; ++number) {
    const std::string_view name = CapabilityName(number);
    CHECK(CapabilityNumber(name) == number);
    names.insert(name);
  }
  CHECK(names.size() == CAP_LAST_CAP + 1);
  CHECK(CapabilityName(-1).empty());
  CHECK(CapabilityName(CAP_LAST_CAP + 1).empty());
  CHECK(CapabilityName(INT_MAX).empty());
}

TEST_CASE("another thread's capabilities are told by its number") {
  const auto own = GetCapabilities();
  REQUIRE(own.ok());
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const auto childs = CapabilitiesOf(child);
  REQUIRE(childs.ok());
  CHECK(childs->effective == own->effective);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(ErrnoOf(CapabilitiesOf(child).status()) == ESRCH);
  // Which capget(2) takes for the caller.
  CHECK(ErrnoOf(CapabilitiesOf(0).status()) == ESRCH);
}

TEST_CASE("a capability's name is read in any case, with or without CAP_") {
  CHECK(CapabilityNumber("CAP_SYS_ADMIN") == CAP_SYS_ADMIN);
  CHECK(CapabilityNumber("cap_net_raw") == CAP_NET_RAW);
  CHECK(CapabilityNumber("Bpf") == CAP_BPF);
  CHECK_FALSE(CapabilityNumber("").has_value());
  CHECK_FALSE(CapabilityNumber("CAP_").has_value());
  CHECK_FALSE(CapabilityNumber("CAP_CAP_BPF").has_value());
  CHECK_FALSE(CapabilityNumber("CAP_SYS_ADMINISTRATOR").has_value());
}

TEST_CASE("all capabilities reach up to the kernel's last one") {
  int last = 0;
  std::ifstream("/proc/sys/kernel/cap_last_cap") >> last;
  REQUIRE(last > 0);
  CHECK(*AllCapabilities() ==
        (last == 63 ? ~CapabilitySet{0} : Bit(last + 1) - 1));
}

TEST_CASE("own capabilities are those /proc shows") {
  std::ifstream status("/proc/self/status");
  const CapabilitySets sets = *OwnCapabilities();
  int seen = 0;
  for (std::string key, value; status >> key;) {
    if (!key.starts_with("Cap")) continue;
    status >> value;
    const CapabilitySet shown = strtoull(value.c_str(), nullptr, 16);
    INFO(key);
    if (key == "CapInh:") CHECK(sets.inheritable == shown);
    if (key == "CapPrm:") CHECK(sets.permitted == shown);
    if (key == "CapEff:") CHECK(sets.effective == shown);
    if (key == "CapBnd:") CHECK(sets.bounding == shown);
    if (key == "CapAmb:") CHECK(sets.ambient == shown);
    ++seen;
  }
  CHECK(seen == 5);
}

TEST_CASE("all five sets are set in a new user namespace") {
  CHECK(CodeOf([] {
          if (unshare(CLONE_NEWUSER) != 0) return 1;
          const CapabilitySet keep = Bit(CAP_CHOWN) | Bit(CAP_BPF);
          if (!LimitBounding(keep | Bit(CAP_KILL)).ok()) return 2;
          CapabilitySets sets = {.effective = Bit(CAP_CHOWN),
                                 .permitted = keep,
                                 .inheritable = keep};
          if (!SetCapabilities(sets).ok()) return 3;
          if (!SetAmbient(Bit(CAP_BPF)).ok()) return 4;
          const CapabilitySets now = *OwnCapabilities();
          if (now.bounding != (keep | Bit(CAP_KILL))) return 5;
          if (now.effective != Bit(CAP_CHOWN)) return 6;
          if (now.permitted != keep || now.inheritable != keep) return 7;
          if (now.ambient != Bit(CAP_BPF)) return 8;
          // Without CAP_SETPCAP: fine for what is gone, an error otherwise.
          if (!LimitBounding(keep | Bit(CAP_KILL)).ok()) return 9;
          const absl::Status status = LimitBounding(keep);
          if (ErrnoOf(status) != EPERM) return 10;
          if (MessageOf(status).find("CAP_KILL") == std::string_view::npos) {
            return 11;
          }
          return SetAmbient(0).ok() && OwnCapabilities()->ambient == 0 ? 0 : 12;
        }) == 0);
}

TEST_CASE("an ambient capability that is not permitted is refused by name") {
  CHECK(CodeOf([] {
          if (!SetCapabilities({}).ok()) return 1;
          const absl::Status status = SetAmbient(Bit(CAP_SYS_ADMIN));
          return MessageOf(status) ==
                         "prctl PR_CAP_AMBIENT_RAISE CAP_SYS_ADMIN: "
                         "Operation not permitted"
                     ? 0
                     : 2;
        }) == 0);
}

TEST_CASE("capabilities are kept over a change of user id when asked") {
  for (const bool keep : {false, true}) {
    CHECK(CodeOf([keep] {
            if (!KeepCapabilitiesOverSetuid(keep).ok()) return 1;
            if (!SetGroups({4, 5}).ok() || !SetGroupIds(3).ok()) return 2;
            if (!SetUserIds(2).ok()) return 3;
            uid_t real, effective, saved;
            getresuid(&real, &effective, &saved);
            if (real != 2 || effective != 2 || saved != 2) return 4;
            gid_t groups[4];
            if (getgroups(4, groups) != 2 || groups[1] != 5) return 5;
            if (getgid() != 3 || getegid() != 3) return 6;
            return (OwnCapabilities()->permitted != 0) == keep ? 0 : 7;
          }) == 0);
  }
}

TEST_CASE("no groups is a valid list of groups") {
  CHECK(CodeOf([] {
          return SetGroups({}).ok() && getgroups(0, nullptr) == 0 ? 0 : 1;
        }) == 0);
}

TEST_CASE("files are made with the filesystem ids set") {
  CHECK(CodeOf([] {
          SetFilesystemIds(12, 13);
          const int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
          struct stat file;
          if (fd < 0 || fstat(fd, &file) != 0) return 1;
          return file.st_uid == 12 && file.st_gid == 13 ? 0 : 2;
        }) == 0);
}

TEST_CASE("a resource limit is set by number and known by name") {
  CHECK(ResourceNumber("RLIMIT_NOFILE") == RLIMIT_NOFILE);
  CHECK(ResourceNumber("RLIMIT_RTTIME") == RLIMIT_RTTIME);
  CHECK_FALSE(ResourceNumber("NOFILE").has_value());
  CHECK_FALSE(ResourceNumber("RLIMIT_nofile").has_value());
  CHECK(CodeOf([] {
          if (!SetResourceLimit(0, RLIMIT_NOFILE, 17, 19).ok()) return 1;
          rlimit limit;
          getrlimit(RLIMIT_NOFILE, &limit);
          if (limit.rlim_cur != 17 || limit.rlim_max != 19) return 2;
          return MessageOf(SetResourceLimit(0, RLIMIT_NOFILE, 20, 19)) ==
                         "prlimit RLIMIT_NOFILE to 20:19: Invalid argument"
                     ? 0
                     : 3;
        }) == 0);
}

TEST_CASE("no new privileges, umask and oom score stick") {
  CHECK(CodeOf([] {
          if (!SetNoNewPrivileges().ok()) return 1;
          if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 2;
          SetUmask(027);
          if (SetUmask(0) != 027) return 3;
          if (!SetOomScoreAdjust(getpid(), 1000).ok()) return 4;
          int score = 0;
          std::ifstream("/proc/self/oom_score_adj") >> score;
          if (score != 1000) return 5;
          return ErrnoOf(SetOomScoreAdjust(getpid(), 1001)) == EINVAL ? 0 : 6;
        }) == 0);
}

TEST_CASE("host and domain names belong to the UTS namespace") {
  CHECK(CodeOf([] {
          if (unshare(CLONE_NEWUTS) != 0) return 1;
          if (!SetHostname("web-1").ok() || !SetDomainname("lan").ok()) {
            return 2;
          }
          utsname names;
          uname(&names);
          if (std::string_view(names.nodename) != "web-1") return 3;
          if (std::string_view(names.domainname) != "lan") return 4;
          return ErrnoOf(SetHostname(std::string(65, 'x'))) == EINVAL ? 0 : 5;
        }) == 0);
}

TEST_CASE("a process joins a session keyring of its own") {
  CHECK(CodeOf([] {
          const absl::Status status = JoinSessionKeyring("_ses.test");
          // Kernels without keyrings, and hosts that filter the call.
          return status.ok() || ErrnoOf(status) == ENOSYS ||
                         ErrnoOf(status) == EPERM
                     ? 0
                     : 1;
        }) == 0);
}

uint64_t Instruction(sock_filter instruction) {
  return std::bit_cast<uint64_t>(instruction);
}

// Answers `verdict` to getppid(2), allows everything else.
std::vector<uint64_t> FilterOfGetppid(uint32_t verdict) {
  return {
      Instruction(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)),  // seccomp_data.nr
      Instruction(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1)),
      Instruction(BPF_STMT(BPF_RET | BPF_K, verdict)),
      Instruction(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)),
  };
}

TEST_CASE("a seccomp filter takes effect") {
  CHECK(CodeOf([] {
          if (!SetNoNewPrivileges().ok()) return 1;
          const auto fd =
              LoadSeccompFilter(FilterOfGetppid(SECCOMP_RET_ERRNO | EXDEV), 0);
          if (!fd.ok() || fd->valid()) return 2;
          return syscall(SYS_getppid) == -1 && errno == EXDEV ? 0 : 3;
        }) == 0);
}

TEST_CASE("a seccomp listener is returned close-on-exec") {
  CHECK(CodeOf([] {
          const auto fd =
              LoadSeccompFilter(FilterOfGetppid(SECCOMP_RET_USER_NOTIF),
                                SECCOMP_FILTER_FLAG_NEW_LISTENER);
          if (!fd.ok() || !fd->valid()) return 1;
          return fcntl(fd->get(), F_GETFD) == FD_CLOEXEC ? 0 : 2;
        }) == 0);
}

TEST_CASE("a seccomp filter that the kernel cannot take is an error") {
  CHECK(CodeOf([] {
          if (LoadSeccompFilter({}, 0).ok()) return 1;
          const std::vector<uint64_t> huge(4097, 6);
          if (LoadSeccompFilter(huge, 0).ok()) return 2;
          const std::vector<uint64_t> invalid = {0xffff};
          return ErrnoOf(LoadSeccompFilter(invalid, 0).status()) == EINVAL ? 0
                                                                           : 3;
        }) == 0);
}

}  // namespace
}  // namespace sysbox
