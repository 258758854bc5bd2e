#include "sysbox/emu/views/system_cpu.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <numeric>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cgroups/cpu_list.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/cpu_mask.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/kernel_text.h"
#include "sysbox/emu/views/visible_cpus.h"

namespace sysbox::emu::views {
namespace {

constexpr std::string_view kCpuPrefix = "/sys/devices/system/cpu/cpu";

// Files below cpuN that hold a mask; each has a sibling NAME_list or, in
// cache/, shared_cpu_list.
constexpr std::string_view kMasks[] = {
    "book_siblings",  "cluster_cpus",    "core_cpus",
    "core_siblings",  "die_cpus",        "package_cpus",
    "shared_cpu_map", "thread_siblings", "drawer_siblings"};

}  // namespace

absl::StatusOr<std::string> SystemCpus(ContainerView& view,
                                       const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<uint16_t> cpus,
                          VisibleCpusOf(view, caller));
  std::iota(cpus.begin(), cpus.end(), uint16_t{0});
  return cgroups::FormatCpuList(cpus) + "\n";
}

absl::StatusOr<std::string> NoSystemCpus(ContainerView&, const fuse::Caller&) {
  return std::string("\n");
}

absl::StatusOr<std::string> SystemCpuKernelMax(ContainerView& view,
                                               const fuse::Caller&) {
  SYSBOX_ASSIGN_OR_RETURN(
      auto text, view.resources().host().Read(HostFile::kKernelMaxCpus));
  return *text;
}

absl::StatusOr<std::string> SystemCpuFile(ContainerView& view,
                                          const fuse::Caller& caller,
                                          std::string_view path) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<uint16_t> shown,
                          VisibleCpusOf(view, caller));
  const std::optional<std::string> host = HostCpuPath(path, shown);
  if (!host) return ErrnoStatus(ENOENT, fmt::format("read {}", path));
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          view.kernel().Read(caller, Scope::kHost, *host));
  return TranslateCpus(path, text, shown);
}

std::optional<std::string> HostCpuPath(std::string_view path,
                                       const std::vector<uint16_t>& shown) {
  std::string_view rest = path;
  if (!TakePrefix(&rest, kCpuPrefix)) return std::string(path);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::optional<uint64_t> cpu = ParseUint64(rest.substr(0, slash));
  if (!cpu) return std::string(path);  // cpufreq, cpuidle
  if (*cpu >= shown.size()) return std::nullopt;
  return fmt::format("{}{}{}", kCpuPrefix, shown[*cpu], rest.substr(slash));
}

std::string TranslateCpus(std::string_view path, std::string_view text,
                          const std::vector<uint16_t>& shown) {
  constexpr std::string_view kList = "_list";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.size() > kList.size() &&
      name.substr(name.size() - kList.size()) == kList) {
    return cgroups::FormatCpuList(
               Renumber(cgroups::ParseCpuList(text), shown)) +
           "\n";
  }
  if (std::find(std::begin(kMasks), std::end(kMasks), name) !=
      std::end(kMasks)) {
    return FormatCpuMask(Renumber(ParseCpuMask(text), shown), shown.size()) +
           "\n";
  }
  return std::string(text);
}

}  // namespace sysbox::emu::views
