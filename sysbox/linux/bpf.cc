#include "sysbox/linux/bpf.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "sysbox/base/status.h"

namespace sysbox {
namespace {

// BPF_CGROUP_MAX_PROGS: no cgroup has more programs of one type.
constexpr size_t kMaxPrograms = 64;
constexpr size_t kLogSize = size_t{64} << 10;

// bpf(2). Its attributes are zero where unused, or the kernel refuses them.
int Bpf(bpf_cmd command, bpf_attr* attributes) {
  return static_cast<int>(
      syscall(SYS_bpf, command, attributes, sizeof *attributes));
}

bpf_attr NoAttributes() {
  bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  return attributes;
}

bpf_attr LoadAttributes(absl::Span<const uint64_t> instructions) {
  // BPF_PROG_TYPE_CGROUP_DEVICE needs no helper that is for GPL code only.
  static constexpr char kLicense[] = "Apache-2.0";
  static constexpr char kName[] = "sysbox_devices";
  static_assert(sizeof kName <= BPF_OBJ_NAME_LEN);
  bpf_attr attributes = NoAttributes();
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.expected_attach_type = BPF_CGROUP_DEVICE;
  attributes.insn_cnt = static_cast<__u32>(instructions.size());
  attributes.insns = reinterpret_cast<uintptr_t>(instructions.data());
  attributes.license = reinterpret_cast<uintptr_t>(kLicense);
  memcpy(attributes.prog_name, kName, sizeof kName);
  return attributes;
}

// The last line of the verifier's log that says what is wrong: it ends in
// statistics ("processed 3 insns …").
std::string_view Verdict(std::string_view log) {
  std::string_view verdict;
  while (!log.empty()) {
    const size_t end = log.find('\n');
    const std::string_view line = log.substr(0, end);
    if (!line.empty() && !line.starts_with("processed ")) verdict = line;
    if (end == std::string_view::npos) break;
    log.remove_prefix(end + 1);
  }
  return verdict;
}

// Ids of the device programs attached to `cgroup` itself.
absl::StatusOr<std::vector<uint32_t>> AttachedPrograms(FdRef cgroup) {
  std::vector<uint32_t> ids(kMaxPrograms);
  bpf_attr attributes = NoAttributes();
  attributes.query.target_fd = static_cast<__u32>(cgroup.get());
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.prog_ids = reinterpret_cast<uintptr_t>(ids.data());
  attributes.query.prog_cnt = kMaxPrograms;
  if (Bpf(BPF_PROG_QUERY, &attributes) != 0) {
    return ErrnoStatus(errno, "bpf BPF_PROG_QUERY");
  }
  ids.resize(attributes.query.prog_cnt);
  return ids;
}

absl::StatusOr<uint32_t> IdOfProgram(FdRef program) {
  bpf_prog_info info = {};
  bpf_attr attributes = NoAttributes();
  attributes.info.bpf_fd = static_cast<__u32>(program.get());
  attributes.info.info_len = sizeof info;
  attributes.info.info = reinterpret_cast<uintptr_t>(&info);
  if (Bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes) != 0) {
    return ErrnoStatus(errno, "bpf BPF_OBJ_GET_INFO_BY_FD");
  }
  return info.id;
}

// OK also when somebody else was faster.
absl::Status Detach(uint32_t id, FdRef cgroup) {
  bpf_attr attributes = NoAttributes();
  attributes.prog_id = id;
  const Fd program(Bpf(BPF_PROG_GET_FD_BY_ID, &attributes));
  if (!program.valid()) {
    if (errno == ENOENT) return absl::OkStatus();
    const int error = errno;
    return ErrnoStatus(error, fmt::format("bpf BPF_PROG_GET_FD_BY_ID {}", id));
  }
  attributes = NoAttributes();
  attributes.target_fd = static_cast<__u32>(cgroup.get());
  attributes.attach_bpf_fd = static_cast<__u32>(program.get());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  if (Bpf(BPF_PROG_DETACH, &attributes) != 0 && errno != ENOENT) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("bpf BPF_PROG_DETACH {}", id));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Fd> LoadDeviceProgram(absl::Span<const uint64_t> instructions) {
  static_assert(sizeof(bpf_insn) == sizeof(uint64_t));
  bpf_attr attributes = LoadAttributes(instructions);
  Fd program(Bpf(BPF_PROG_LOAD, &attributes));
  if (program.valid()) return program;
  const int error = errno;
  // Again for the log only: writing it makes every load slower.
  std::string log(kLogSize, '\0');
  attributes.log_level = 1;
  attributes.log_size = kLogSize;
  attributes.log_buf = reinterpret_cast<uintptr_t>(log.data());
  program.Reset(Bpf(BPF_PROG_LOAD, &attributes));
  if (program.valid()) return program;  // say, EAGAIN before
  const std::string_view verdict = Verdict(log.c_str());
  return ErrnoStatus(
      error, fmt::format("bpf BPF_PROG_LOAD of {} instructions{}{}{}",
                         instructions.size(), verdict.empty() ? "" : " (",
                         verdict, verdict.empty() ? "" : ")"));
}

absl::Status AttachDeviceProgram(FdRef program, FdRef cgroup) {
  bpf_attr attributes = NoAttributes();
  attributes.target_fd = static_cast<__u32>(cgroup.get());
  attributes.attach_bpf_fd = static_cast<__u32>(program.get());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (Bpf(BPF_PROG_ATTACH, &attributes) != 0) {
    return ErrnoStatus(errno, "bpf BPF_PROG_ATTACH");
  }
  return absl::OkStatus();
}

absl::Status DetachDevicePrograms(FdRef cgroup, FdRef keep) {
  uint32_t kept_id = 0;  // ids start at 1
  if (keep.valid()) {
    SYSBOX_ASSIGN_OR_RETURN(kept_id, IdOfProgram(keep));
  }
  SYSBOX_ASSIGN_OR_RETURN(std::vector<uint32_t> ids, AttachedPrograms(cgroup));
  for (uint32_t id : ids) {
    if (id != kept_id) SYSBOX_RETURN_IF_ERROR(Detach(id, cgroup));
  }
  return absl::OkStatus();
}

}  // namespace sysbox
