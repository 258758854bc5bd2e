#include "sysbox/runtime/events.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup.h"
#include "sysbox/cgroups/cpu_list.h"
#include "sysbox/json/codec.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/process.h"

namespace sysbox {
namespace runtime {
namespace {

// runc's types.Cpu and so on, where they are not cgroups::Stats' own.
struct CpuUsage {
  uint64_t total = 0;
  std::vector<uint64_t> per_cpu, kernel_per_cpu, user_per_cpu;
  uint64_t kernel = 0;
  uint64_t user = 0;
};
struct Throttling {
  uint64_t periods = 0;
  uint64_t throttled_periods = 0;
  uint64_t throttled_time = 0;
};
struct CpuEvent {
  CpuUsage usage;
  Throttling throttling;
};
struct CpusetEvent : cgroups::CpusetFlags {
  std::vector<uint16_t> cpus;
  std::vector<uint16_t> mems;
};
// A member of the base as one of the event's own.
template <typename T>
constexpr T CpusetEvent::*OfCpuset(T cgroups::CpusetFlags::*member) {
  return member;
}
struct PidsEvent {
  uint64_t current = 0;
  uint64_t limit = 0;
};
struct BlkioEvent {
  std::vector<cgroups::BlkioEntry> service_bytes;
  std::vector<cgroups::BlkioEntry> serviced;
};
struct Empty {};

struct StatsData {
  CpuEvent cpu;
  CpusetEvent cpuset;
  cgroups::MemoryStats memory;
  PidsEvent pids;
  BlkioEvent blkio;
  std::map<std::string, cgroups::HugetlbStats> hugetlb;
  Empty intel_rdt;
  std::optional<Empty> network_interfaces;  // null: as runc outside of tests
};

struct Event {
  std::string type;
  std::string id;
  std::optional<StatsData> data;
};

StatsData DataOf(const cgroups::Stats& stats) {
  StatsData data;
  data.cpu.usage = {stats.cpu.usage_total_ns,    stats.cpu.usage_per_cpu_ns,
                    stats.cpu.kernel_per_cpu_ns, stats.cpu.user_per_cpu_ns,
                    stats.cpu.usage_kernel_ns,   stats.cpu.usage_user_ns};
  data.cpu.throttling = {stats.cpu.throttling_periods,
                         stats.cpu.throttled_periods,
                         stats.cpu.throttled_time_ns};
  data.cpuset = {stats.cpuset_flags, {}, {}};
  data.cpuset.cpus = cgroups::ParseCpuList(stats.cpuset_cpus);
  data.cpuset.mems = cgroups::ParseCpuList(stats.cpuset_mems);
  data.memory = stats.memory;
  data.pids = {stats.pids_current, stats.pids_limit};
  data.blkio = {stats.io_service_bytes, stats.io_serviced};
  data.hugetlb = stats.hugetlb;
  return data;
}

enum Key : uint64_t { kInit, kOom };

}  // namespace
}  // namespace runtime

// Fields that are zero are left out, or not, as in runc.
template <>
struct json::Fields<runtime::CpuUsage> {
  static constexpr auto kTable = std::make_tuple(
      Optional("total", &runtime::CpuUsage::total),
      Optional("percpu", &runtime::CpuUsage::per_cpu),
      Optional("percpu_kernel", &runtime::CpuUsage::kernel_per_cpu),
      Optional("percpu_user", &runtime::CpuUsage::user_per_cpu),
      Always("kernel", &runtime::CpuUsage::kernel),
      Always("user", &runtime::CpuUsage::user));
};
template <>
struct json::Fields<runtime::Throttling> {
  static constexpr auto kTable = std::make_tuple(
      Optional("periods", &runtime::Throttling::periods),
      Optional("throttledPeriods", &runtime::Throttling::throttled_periods),
      Optional("throttledTime", &runtime::Throttling::throttled_time));
};
template <>
struct json::Fields<runtime::CpuEvent> {
  static constexpr auto kTable =
      std::make_tuple(Always("usage", &runtime::CpuEvent::usage),
                      Always("throttling", &runtime::CpuEvent::throttling));
};
template <>
struct json::Fields<runtime::CpusetEvent> {
  using Cpuset = runtime::CpusetEvent;
  using Flags = cgroups::CpusetFlags;
  static constexpr auto kTable = std::make_tuple(
      Optional("cpus", &Cpuset::cpus),
      Always("cpu_exclusive", runtime::OfCpuset(&Flags::cpu_exclusive)),
      Optional("mems", &Cpuset::mems),
      Always("mem_hardwall", runtime::OfCpuset(&Flags::mem_hardwall)),
      Always("mem_exclusive", runtime::OfCpuset(&Flags::mem_exclusive)),
      Always("memory_migrate", runtime::OfCpuset(&Flags::memory_migrate)),
      Always("memory_spread_page",
             runtime::OfCpuset(&Flags::memory_spread_page)),
      Always("memory_spread_slab",
             runtime::OfCpuset(&Flags::memory_spread_slab)),
      Always("memory_pressure", runtime::OfCpuset(&Flags::memory_pressure)),
      Always("sched_load_balance",
             runtime::OfCpuset(&Flags::sched_load_balance)),
      Always("sched_relax_domain_level",
             runtime::OfCpuset(&Flags::sched_relax_domain_level)));
};
template <>
struct json::Fields<cgroups::MemoryEntry> {
  static constexpr auto kTable =
      std::make_tuple(Always("limit", &cgroups::MemoryEntry::limit),
                      Optional("usage", &cgroups::MemoryEntry::usage),
                      Optional("max", &cgroups::MemoryEntry::max),
                      Always("failcnt", &cgroups::MemoryEntry::failcnt));
};
template <>
struct json::Fields<cgroups::MemoryStats> {
  static constexpr auto kTable =
      std::make_tuple(Optional("cache", &cgroups::MemoryStats::cache),
                      Always("usage", &cgroups::MemoryStats::usage),
                      Always("swap", &cgroups::MemoryStats::swap),
                      Always("kernel", &cgroups::MemoryStats::kernel),
                      Always("kernelTCP", &cgroups::MemoryStats::kernel_tcp),
                      Optional("raw", &cgroups::MemoryStats::raw));
};
template <>
struct json::Fields<runtime::PidsEvent> {
  static constexpr auto kTable =
      std::make_tuple(Optional("current", &runtime::PidsEvent::current),
                      Optional("limit", &runtime::PidsEvent::limit));
};
template <>
struct json::Fields<cgroups::BlkioEntry> {
  static constexpr auto kTable =
      std::make_tuple(Optional("major", &cgroups::BlkioEntry::major),
                      Optional("minor", &cgroups::BlkioEntry::minor),
                      Optional("op", &cgroups::BlkioEntry::op),
                      Optional("value", &cgroups::BlkioEntry::value));
};
template <>
struct json::Fields<runtime::BlkioEvent> {
  static constexpr auto kTable = std::make_tuple(
      Optional("ioServiceBytesRecursive", &runtime::BlkioEvent::service_bytes),
      Optional("ioServicedRecursive", &runtime::BlkioEvent::serviced));
};
template <>
struct json::Fields<cgroups::HugetlbStats> {
  static constexpr auto kTable =
      std::make_tuple(Optional("usage", &cgroups::HugetlbStats::usage),
                      Optional("max", &cgroups::HugetlbStats::max),
                      Always("failcnt", &cgroups::HugetlbStats::failcnt));
};
template <>
struct json::Fields<runtime::Empty> {
  static constexpr auto kTable = std::make_tuple();
};
template <>
struct json::Fields<runtime::StatsData> {
  static constexpr auto kTable = std::make_tuple(
      Always("cpu", &runtime::StatsData::cpu),
      Always("cpuset", &runtime::StatsData::cpuset),
      Always("memory", &runtime::StatsData::memory),
      Always("pids", &runtime::StatsData::pids),
      Always("blkio", &runtime::StatsData::blkio),
      Always("hugetlb", &runtime::StatsData::hugetlb),
      Always("intel_rdt", &runtime::StatsData::intel_rdt),
      Always("network_interfaces", &runtime::StatsData::network_interfaces));
};
template <>
struct json::Fields<runtime::Event> {
  static constexpr auto kTable =
      std::make_tuple(Required("type", &runtime::Event::type),
                      Required("id", &runtime::Event::id),
                      Optional("data", &runtime::Event::data));
};

namespace runtime {

std::string StatsEvent(std::string_view id, const cgroups::Stats& stats) {
  return json::Write(Event{"stats", std::string(id), DataOf(stats)});
}

std::string OomEvent(std::string_view id) {
  return json::Write(Event{"oom", std::string(id), std::nullopt});
}

absl::StatusOr<std::string> ReadStatsEvent(const Container& container) {
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<cgroups::Cgroup> cgroup,
                          container.OpenCgroup());
  SYSBOX_ASSIGN_OR_RETURN(cgroups::Stats stats, cgroup->ReadStats());
  return StatsEvent(container.state().id, stats);
}

absl::Status WatchEvents(
    const Container& container, absl::Duration interval,
    const std::function<absl::Status(std::string_view line)>& write) {
  const std::string& id = container.state().id;
  SYSBOX_ASSIGN_OR_RETURN(Pidfd init, container.Init());
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<cgroups::Cgroup> cgroup,
                          container.OpenCgroup());
  SYSBOX_ASSIGN_OR_RETURN(Fd oom, cgroup->OpenOomEvents());
  SYSBOX_ASSIGN_OR_RETURN(Epoll epoll, Epoll::Create());
  SYSBOX_RETURN_IF_ERROR(epoll.Add(init.fd(), EPOLLIN, kInit));
  SYSBOX_RETURN_IF_ERROR(epoll.Add(oom, EPOLLIN, kOom));
  absl::Time next = absl::Now() + interval;
  bool ended = false;
  while (!ended) {
    int64_t wait = absl::ToInt64Milliseconds(
        absl::Ceil(next - absl::Now(), absl::Milliseconds(1)));
    SYSBOX_ASSIGN_OR_RETURN(
        std::vector<ReadyEvent> ready,
        epoll.Wait(static_cast<int>(std::clamp<int64_t>(wait, 0, 1 << 30))));
    for (const ReadyEvent& event : ready) {
      ended = ended || event.key == kInit;
      if (event.key != kOom) continue;
      absl::StatusOr<bool> happened = cgroup->ConsumeOomEvents(oom);
      if (absl::IsNotFound(happened.status())) return absl::OkStatus();
      SYSBOX_RETURN_IF_ERROR(happened.status());
      if (*happened) SYSBOX_RETURN_IF_ERROR(write(OomEvent(id)));
    }
    if (ended || absl::Now() < next) continue;
    next += interval;
    SYSBOX_ASSIGN_OR_RETURN(cgroups::Stats stats, cgroup->ReadStats());
    SYSBOX_RETURN_IF_ERROR(write(StatsEvent(id, stats)));
  }
  return absl::OkStatus();
}

}  // namespace runtime
}  // namespace sysbox
