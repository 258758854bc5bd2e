#include "sysbox/emu/views/host_resources.h"

#include <string_view>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/clock.h"
#include "sysbox/linux/file.h"

namespace sysbox::emu::views {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

struct FileRow {
  bool in_sys;
  std::string_view path;
  int64_t shared_for_ns;
};

// In the order of HostFile. /proc/cpuinfo is dear: on many machines every
// read interrupts every CPU.
constexpr FileRow kFiles[] = {
    {false, "/meminfo", 5 * kMillisecond},
    {false, "/stat", 5 * kMillisecond},
    {false, "/cpuinfo", 1000 * kMillisecond},
    {false, "/vmstat", 5 * kMillisecond},
    {false, "/diskstats", 10 * kMillisecond},
    {false, "/partitions", 100 * kMillisecond},
    {false, "/devices", 100 * kMillisecond},
    {false, "/pressure/cpu", 5 * kMillisecond},
    {false, "/pressure/io", 5 * kMillisecond},
    {false, "/pressure/memory", 5 * kMillisecond},
    {false, "/pressure/irq", 5 * kMillisecond},
    {true, "/devices/system/cpu/online", 100 * kMillisecond},
    {true, "/devices/system/cpu/kernel_max", 1000 * kMillisecond},
    {true, "/devices/system/node/online", 100 * kMillisecond},
};
static_assert(std::size(kFiles) == kHostFileCount);

}  // namespace

absl::StatusOr<HostResources::Text> HostResources::Read(HostFile file) {
  const size_t index = static_cast<size_t>(file);
  const FileRow& row = kFiles[index];
  const int64_t now = BoottimeNs();
  {
    absl::MutexLock lock(&mu_);
    const Shared& shared = files_[index];
    if (shared.text && now - shared.read_ns < row.shared_for_ns) {
      return shared.text;
    }
  }
  std::string path = row.in_sys ? places_.sys : places_.proc;
  path += row.path;
  SYSBOX_ASSIGN_OR_RETURN(std::string content, ReadFile(path));
  auto text = std::make_shared<const std::string>(std::move(content));
  absl::MutexLock lock(&mu_);
  files_[index] = {text, now};
  return text;
}

absl::StatusOr<std::shared_ptr<const cgroups::Hierarchies>>
HostResources::hierarchies() {
  {
    absl::MutexLock lock(&mu_);
    if (hierarchies_) return hierarchies_;
  }
  cgroups::Hierarchies found;
  if (places_.hierarchies) {
    found = *places_.hierarchies;
  } else {
    SYSBOX_ASSIGN_OR_RETURN(found, cgroups::ReadHierarchies());
  }
  auto result = std::make_shared<const cgroups::Hierarchies>(std::move(found));
  absl::MutexLock lock(&mu_);
  if (!hierarchies_) hierarchies_ = result;
  return hierarchies_;
}

}  // namespace sysbox::emu::views
