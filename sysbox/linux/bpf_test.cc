#include "sysbox/linux/bpf.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

constexpr char kUnified[] = "/sys/fs/cgroup/unified";

uint64_t Instruction(uint8_t code, uint8_t registers, int16_t offset,
                     int32_t immediate) {
  bpf_insn instruction = {};
  instruction.code = code;
  instruction.dst_reg = registers & 0xf;
  instruction.src_reg = registers >> 4 & 0xf;
  instruction.off = offset;
  instruction.imm = immediate;
  return std::bit_cast<uint64_t>(instruction);
}

uint64_t Return() { return Instruction(BPF_JMP | BPF_EXIT, 0, 0, 0); }

// r0 = value; return.
std::vector<uint64_t> AlwaysReturn(int32_t value) {
  return {Instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, value), Return()};
}

// Denies devices of major number `major`.
std::vector<uint64_t> DenyMajor(int32_t major) {
  constexpr int16_t kMajor = offsetof(bpf_cgroup_dev_ctx, major);
  return {
      Instruction(BPF_LDX | BPF_MEM | BPF_W, 0x12, kMajor, 0),  // r2 = major
      Instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0),
      Instruction(BPF_JMP | BPF_JEQ | BPF_K, 2, 1, major),
      Instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 1),
      Return(),
  };
}

// A cgroup of its own; `path` is empty where the host has no cgroup v2.
class Cgroup {
 public:
  Cgroup() {
    if (access(fmt::format("{}/cgroup.procs", kUnified).c_str(), F_OK) != 0) {
      WARN("skipped: no cgroup2 at " << kUnified);
      return;
    }
    path_ = fmt::format("{}/bpf_test_{}", kUnified, getpid());
    REQUIRE(mkdir(path_.c_str(), 0755) == 0);
    fd_.Reset(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(fd_.valid());
  }
  ~Cgroup() {
    if (!path_.empty()) (void)rmdir(path_.c_str());
  }
  bool present() const { return !path_.empty(); }
  const Fd& fd() const { return fd_; }

  // The errno with which a process in it fails to open `device`, or 0.
  int OpenInside(const char* device) const {
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      const int procs = openat(fd_.get(), "cgroup.procs", O_WRONLY);
      if (write(procs, "0", 1) != 1) _exit(255);
      _exit(open(device, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0);
    }
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    return WEXITSTATUS(status);
  }

  size_t ProgramCount() const {
    bpf_attr attributes;
    std::memset(&attributes, 0, sizeof attributes);
    attributes.query.target_fd = static_cast<uint32_t>(fd_.get());
    attributes.query.attach_type = BPF_CGROUP_DEVICE;
    REQUIRE(syscall(SYS_bpf, BPF_PROG_QUERY, &attributes, sizeof attributes) ==
            0);
    return attributes.query.prog_cnt;
  }

 private:
  std::string path_;
  Fd fd_;
};

TEST_CASE("an attached device program decides, and a detached one no more") {
  Cgroup cgroup;
  if (!cgroup.present()) return;
  const auto program = LoadDeviceProgram(DenyMajor(1));
  INFO(program.status().ToString());
  REQUIRE_OK(program);
  CHECK(fcntl(program->get(), F_GETFD) == FD_CLOEXEC);
  CHECK(cgroup.OpenInside("/dev/null") == 0);
  REQUIRE_OK(AttachDeviceProgram(*program, cgroup.fd()));
  CHECK(cgroup.OpenInside("/dev/null") == EPERM);
  CHECK(cgroup.OpenInside("/dev/tty") != EPERM);  // major 5
  REQUIRE_OK(DetachDevicePrograms(cgroup.fd(), FdRef(-1)));
  CHECK(cgroup.OpenInside("/dev/null") == 0);
}

TEST_CASE("several programs must all allow; all but the kept one go") {
  Cgroup cgroup;
  if (!cgroup.present()) return;
  const Fd deny = *LoadDeviceProgram(AlwaysReturn(0));
  const Fd allow = *LoadDeviceProgram(AlwaysReturn(1));
  const Fd deny_null = *LoadDeviceProgram(DenyMajor(1));
  for (const Fd* program : {&deny, &allow, &deny_null}) {
    REQUIRE_OK(AttachDeviceProgram(*program, cgroup.fd()));
  }
  CHECK(cgroup.ProgramCount() == 3);
  CHECK(cgroup.OpenInside("/dev/null") == EPERM);
  REQUIRE_OK(DetachDevicePrograms(cgroup.fd(), allow));
  CHECK(cgroup.ProgramCount() == 1);
  CHECK(cgroup.OpenInside("/dev/null") == 0);
  REQUIRE_OK(DetachDevicePrograms(cgroup.fd(), FdRef(-1)));
  CHECK(cgroup.ProgramCount() == 0);
  CHECK_OK(DetachDevicePrograms(cgroup.fd(), FdRef(-1)));  // none left
}

TEST_CASE("a refused program's error ends in what the verifier says") {
  const auto program = LoadDeviceProgram({Return()});
  REQUIRE_FALSE(program.ok());
  CHECK_ERRNO(EACCES, program);
  CHECK(MessageOf(program.status()) ==
        "bpf BPF_PROG_LOAD of 1 instructions (R0 !read_ok): "
        "Permission denied");
}

TEST_CASE("an empty program is refused") {
  CHECK_FALSE(LoadDeviceProgram({}).ok());
}

TEST_CASE("attaching to what is no cgroup is an error") {
  const auto program = LoadDeviceProgram(AlwaysReturn(1));
  REQUIRE_OK(program);
  const Fd dir(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CHECK_ERRNO(EBADF, AttachDeviceProgram(*program, dir));
  CHECK_ERRNO(EBADF, DetachDevicePrograms(dir, FdRef(-1)));
}

}  // namespace
}  // namespace sysbox
