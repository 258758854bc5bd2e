#include "sysbox/trap/affinity_call.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>

#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/cpu_affinity.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/pid_namespace.h"

namespace sysbox::trap {
namespace {

// Whether the caller calls itself `number`, as the C library does.
absl::StatusOr<bool> IsItself(const Caller& caller, pid_t number) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string status, caller.ReadProc("status"));
  return OwnNumber(status) == number;
}

// The thread that the caller calls `number`, as the host numbers it; nullopt
// if this kernel cannot tell (another's, before Linux 6.11). Nobody is kept
// from asking, in the kernel either.
absl::StatusOr<std::optional<pid_t>> ThreadOf(const Caller& caller,
                                              pid_t number) {
  if (number == 0) return caller.tid();
  SYSBOX_ASSIGN_OR_RETURN(const Fd ns, caller.Namespace(NamespaceType::kPid));
  absl::StatusOr<pid_t> thread = ThreadInPidNamespace(ns, number);
  if (ErrnoOf(thread.status()) == ENOTTY) {
    SYSBOX_ASSIGN_OR_RETURN(const bool itself, IsItself(caller, number));
    return itself ? std::optional(caller.tid()) : std::nullopt;
  }
  SYSBOX_RETURN_IF_ERROR(thread.status());
  return *thread;
}

// nullopt: the kernel is to answer.
absl::StatusOr<std::optional<std::string>> MaskOf(const Caller& caller,
                                                  pid_t number) {
  SYSBOX_ASSIGN_OR_RETURN(const auto thread, ThreadOf(caller, number));
  if (!thread) return std::nullopt;
  SYSBOX_ASSIGN_OR_RETURN(std::string mask, ThreadAffinity(*thread));
  // It may have ended, and its number be another's outside by now.
  SYSBOX_ASSIGN_OR_RETURN(const auto still, ThreadOf(caller, number));
  if (still != thread) return ErrnoStatus(ESRCH, "thread has ended");
  return mask;
}

}  // namespace

std::optional<pid_t> OwnNumber(std::string_view status) {
  constexpr std::string_view kKey = "\nNSpid:";  // outermost first
  const size_t key = status.find(kKey);
  if (key == std::string_view::npos) return std::nullopt;
  std::string_view line = status.substr(key + kKey.size());
  line = line.substr(0, line.find('\n'));
  const auto number = ParseUint64(line.substr(line.find_last_of('\t') + 1));
  if (!number) return std::nullopt;
  return static_cast<pid_t>(*number);
}

int64_t AffinitySize(uint64_t length, bool narrow, uint32_t cpu_numbers,
                     size_t mask_size) {
  // kernel/sched/syscalls.c and kernel/compat.c: an unsigned int, which the
  // product overflows.
  const auto bytes = static_cast<uint32_t>(length);
  const uint32_t word = narrow ? 4 : 8;
  if (bytes * 8 < cpu_numbers || bytes % word != 0) return -EINVAL;
  return static_cast<int64_t>(std::min<size_t>(bytes, mask_size));
}

std::string FirstCpus(std::string mask, size_t count) {
  size_t seen = 0;
  for (char& byte : mask) {
    auto bits = static_cast<uint8_t>(byte);
    for (uint8_t bit = 1; bit != 0; bit = static_cast<uint8_t>(bit << 1)) {
      if ((bits & bit) == 0) continue;
      if (seen >= std::max<size_t>(count, 1))
        bits &= static_cast<uint8_t>(~bit);
      ++seen;
    }
    byte = static_cast<char>(bits);
  }
  return mask;
}

Verdict Affinity(const TrappedCall& call) {
  const Caller& caller = call.caller;
  static const auto* const numbers = new absl::StatusOr(CpuNumbers());
  const absl::StatusOr<size_t> count =
      call.host.CpuCount(call.container, caller.tid());
  // The set that it may run on is better than nothing.
  if (!numbers->ok() || !count.ok()) return LetKernel();
  const auto mask = MaskOf(caller, static_cast<pid_t>(caller.arg(0)));
  const int64_t size = AffinitySize(caller.arg(1), call.narrow(), **numbers,
                                    mask.ok() && *mask ? (*mask)->size() : 0);
  if (size < 0) return Fail(static_cast<int>(-size));
  if (!mask.ok()) return Fail(mask.status(), ESRCH);
  if (!mask->has_value()) return LetKernel();
  const std::string cpus = FirstCpus(**mask, *count);
  const absl::Status written =
      caller.Write(caller.arg(2),
                   std::string_view(cpus).substr(0, static_cast<size_t>(size)));
  return written.ok() ? Return(size) : Fail(written, EFAULT);
}

}  // namespace sysbox::trap
