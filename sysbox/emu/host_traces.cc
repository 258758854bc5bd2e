#include "sysbox/emu/host_traces.h"

#include <fcntl.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"

namespace sysbox::emu {
namespace {

// Words of the kernel's command line, or what they begin with. Programs that
// read it look for these.
constexpr std::string_view kSharedWords[] = {
    "apparmor=",
    "audit=",
    "cgroup.memory=",
    "cgroup_disable=",
    "cgroup_enable=",
    "cgroup_no_v1=",
    "default_hugepagesz=",
    "hugepages=",
    "hugepagesz=",
    "init_on_alloc=",
    "init_on_free=",
    "ipv6.disable=",
    "lsm=",
    "mitigations=",
    "namespace.unpriv_enable=",
    "psi=",
    "quiet",
    "ro",
    "rw",
    "security=",
    "selinux=",
    "swapaccount=",
    "systemd.legacy_systemd_cgroup_controller",
    "systemd.unified_cgroup_hierarchy",
    "transparent_hugepage=",
    "user_namespace.enable=",
    "vsyscall=",
};

// Where links lead that are shown; as they are written in sysfs.
constexpr std::string_view kVirtual[] = {
    "/devices/virtual/mem/", "/devices/virtual/misc/", "/devices/virtual/tty/"};

// The rows below /sys/devices that are counters.
constexpr std::string_view kCounters[] = {
    "breakpoint", "cpu",      "cpu_atom",   "cpu_core", "kprobe",
    "msr",        "software", "tracepoint", "uprobe"};

bool IsShared(absl::string_view word) {
  return std::any_of(std::begin(kSharedWords), std::end(kSharedWords),
                     [word](std::string_view shared) {
                       return shared.back() == '='
                                  ? absl::StartsWith(word, ToAbsl(shared))
                                  : word.substr(0, word.find('=')) ==
                                        ToAbsl(shared);
                     });
}

bool LeadsElsewhere(ContainerView& view, const fuse::Caller& caller,
                    std::string_view directory, std::string_view name) {
  const absl::StatusOr<Fd> opened = view.kernel().Open(
      caller, Scope::kHost, directory, O_RDONLY | O_DIRECTORY);
  if (!opened.ok()) return true;
  const absl::StatusOr<std::string> target = ReadLinkAt(*opened, name);
  // An attribute of the class is nothing of the host's devices.
  if (!target.ok()) return false;
  return std::none_of(std::begin(kVirtual), std::end(kVirtual),
                      [&target](std::string_view shown) {
                        return target->find(shown) != std::string::npos;
                      });
}

}  // namespace

absl::StatusOr<std::string> NoText(ContainerView&, const fuse::Caller&) {
  return std::string();
}

absl::StatusOr<std::string> NoWord(ContainerView&, const fuse::Caller&) {
  return std::string("\n");
}

std::string SharedCommandLine(std::string_view host) {
  std::string text;
  for (const absl::string_view word : absl::StrSplit(
           ToAbsl(host), absl::ByAnyChar(" \t\n"), absl::SkipEmpty())) {
    if (!IsShared(word)) continue;
    if (!text.empty()) text += ' ';
    text.append(word.data(), word.size());
  }
  return text + "\n";
}

absl::StatusOr<std::string> KernelCommandLine(ContainerView& view,
                                              const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(
      const std::string host,
      view.kernel().Read(caller, Scope::kHost, "/proc/cmdline"));
  return SharedCommandLine(host);
}

absl::StatusOr<std::string> NoRaid(ContainerView&, const fuse::Caller&) {
  return std::string("Personalities : \nunused devices: <none>\n");
}

bool IsHostsMisc(ContainerView& view, const fuse::Caller& caller,
                 std::string_view name) {
  return LeadsElsewhere(view, caller, "/sys/class/misc", name);
}

bool IsHostsTty(ContainerView& view, const fuse::Caller& caller,
                std::string_view name) {
  return LeadsElsewhere(view, caller, "/sys/class/tty", name);
}

bool IsHostsCharDevice(ContainerView& view, const fuse::Caller& caller,
                       std::string_view name) {
  return LeadsElsewhere(view, caller, "/sys/dev/char", name);
}

bool IsHostsCounter(ContainerView&, const fuse::Caller&,
                    std::string_view name) {
  return std::find(std::begin(kCounters), std::end(kCounters), name) ==
         std::end(kCounters);
}

}  // namespace sysbox::emu
