#include "sysbox/emu/views/visible_cpus.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string>

#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cgroups/cpu_list.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/group_view.h"
#include "sysbox/emu/views/kernel_text.h"

namespace sysbox::emu::views {
namespace {

using Quota = std::optional<double>;

Quota Lower(Quota a, Quota b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

absl::StatusOr<Quota> ReadV1Quota(const ResourceGroup& group) {
  Quota lowest;
  SYSBOX_ASSIGN_OR_RETURN(
      const std::vector<ResourceGroup::FileAbove> quotas,
      group.ReadUpwards(Controller::kCpu, "cpu.cfs_quota_us"));
  for (const auto& [up, quota] : quotas) {
    std::string_view text = quota;
    const std::string_view value = TakeField(&text);
    if (value.empty() || value.front() == '-') continue;
    SYSBOX_ASSIGN_OR_RETURN(
        const std::string period_text,
        group.Read(Controller::kCpu, up + "cpu.cfs_period_us"));
    std::string_view period = period_text;
    lowest = Lower(lowest, CpusOfQuota(value, TakeField(&period)));
  }
  return lowest;
}

absl::StatusOr<Quota> ReadV2Quota(const ResourceGroup& group) {
  Quota lowest;
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<ResourceGroup::FileAbove> limits,
                          group.ReadUpwards(Controller::kCpu, "cpu.max"));
  for (const auto& [up, text] : limits) {
    std::string_view limit = text;
    const std::string_view quota = TakeField(&limit);
    lowest = Lower(lowest, CpusOfQuota(quota, TakeField(&limit)));
  }
  return lowest;
}

// v2 has the file only where the controller is on; then the nearest ancestor's
// holds.
absl::StatusOr<std::string> ReadCpuset(const ResourceGroup& group) {
  if (!group.Unified(Controller::kCpuset)) {
    return group.Read(Controller::kCpuset, "cpuset.effective_cpus");
  }
  SYSBOX_ASSIGN_OR_RETURN(
      const std::string own,
      group.Read(Controller::kCpuset, "cpuset.cpus.effective"));
  if (!own.empty()) return own;
  SYSBOX_ASSIGN_OR_RETURN(
      const std::vector<ResourceGroup::FileAbove> lists,
      group.ReadUpwards(Controller::kCpuset, "cpuset.cpus.effective"));
  const auto found =
      std::find_if(lists.begin(), lists.end(),
                   [](const auto& list) { return !list.text.empty(); });
  return found == lists.end() ? std::string() : found->text;
}

absl::StatusOr<std::string> MakeCpuCount(const GroupView& view) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<uint16_t> cpus,
                          ReadVisibleCpus(view.group, view.host));
  return std::to_string(cpus.size());
}

}  // namespace

std::optional<double> CpusOfQuota(std::string_view quota,
                                  std::string_view period) {
  const std::optional<uint64_t> amount = ParseUint64(quota);
  const std::optional<uint64_t> of = ParseUint64(period);
  if (!amount || !of || *of == 0) return std::nullopt;
  return static_cast<double>(*amount) / static_cast<double>(*of);
}

std::vector<uint16_t> ChooseCpus(const std::vector<uint16_t>& online,
                                 const std::vector<uint16_t>& allowed,
                                 std::optional<double> quota) {
  std::vector<uint16_t> cpus;
  std::set_intersection(online.begin(), online.end(), allowed.begin(),
                        allowed.end(), std::back_inserter(cpus));
  if (cpus.empty()) cpus = online;
  if (quota && std::ceil(*quota) < static_cast<double>(cpus.size())) {
    cpus.resize(std::max<size_t>(1, static_cast<size_t>(std::ceil(*quota))));
  }
  return cpus;
}

absl::StatusOr<std::vector<uint16_t>> ReadVisibleCpus(
    const ResourceGroup& group, HostResources& host) {
  SYSBOX_ASSIGN_OR_RETURN(auto online, host.Read(HostFile::kOnlineCpus));
  SYSBOX_ASSIGN_OR_RETURN(const std::string allowed, ReadCpuset(group));
  SYSBOX_ASSIGN_OR_RETURN(const Quota quota, group.Unified(Controller::kCpu)
                                                 ? ReadV2Quota(group)
                                                 : ReadV1Quota(group));
  return ChooseCpus(cgroups::ParseCpuList(*online),
                    cgroups::ParseCpuList(allowed), quota);
}

absl::StatusOr<std::vector<uint16_t>> VisibleCpusOf(
    ContainerView& view, const fuse::Caller& caller) {
  ContainerResources& resources = view.resources();
  SYSBOX_ASSIGN_OR_RETURN(auto group, resources.Of(view.facts(), caller));
  return ReadVisibleCpus(*group, resources.host());
}

absl::StatusOr<size_t> CpuCountOf(ContainerView& view,
                                  const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string count,
                          GenerateFor(view, caller, &MakeCpuCount));
  return static_cast<size_t>(ParseUint64(count).value_or(1));
}

}  // namespace sysbox::emu::views
