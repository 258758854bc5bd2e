#include "sysbox/emu/views/block_devices.h"

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/kernel_text.h"

namespace sysbox::emu::views {
namespace {

constexpr uint64_t kSectorBytes = 512;
// Columns after the name that all kernels have: those up to Linux 4.17; then
// four for discards, since 5.5 two for flushes.
constexpr int kFirstColumns = 11;
constexpr int kDiscardColumns = 4;

int CountFields(std::string_view rest) {
  int count = 0;
  while (!TakeField(&rest).empty()) ++count;
  return count;
}

void AppendDisk(std::string_view line, const IoUse& io,
                fmt::memory_buffer* text) {
  std::string_view rest = line;
  const uint64_t major = TakeNumber(&rest);
  const uint64_t minor = TakeNumber(&rest);
  const std::string_view name = TakeField(&rest);
  int more = CountFields(rest) - kFirstColumns;
  const auto out = std::back_inserter(*text);
  fmt::format_to(out, "{:4} {:7} {} {} 0 {} 0 {} 0 {} 0 0 0 0", major, minor,
                 name, io.reads, io.read_bytes / kSectorBytes, io.writes,
                 io.written_bytes / kSectorBytes);
  if (more >= kDiscardColumns) {
    fmt::format_to(out, " {} 0 {} 0", io.discards,
                   io.discarded_bytes / kSectorBytes);
    more -= kDiscardColumns;
  }
  for (; more > 0; --more) fmt::format_to(out, " 0");
  fmt::format_to(out, "\n");
}

// The use of the device that a "major minor ..." line tells of.
const IoUse* Find(std::string_view line, const IoUseMap& use) {
  const uint64_t major = TakeNumber(&line);
  const uint64_t minor = TakeNumber(&line);
  const auto found = use.find({major, minor});
  return found == use.end() ? nullptr : &found->second;
}

using MakeText = std::string (*)(std::string_view host, const IoUseMap& use);

absl::StatusOr<std::string> Generate(ContainerView& view,
                                     const fuse::Caller& caller, HostFile file,
                                     MakeText make) {
  ContainerResources& resources = view.resources();
  SYSBOX_ASSIGN_OR_RETURN(auto group, resources.Of(view.facts(), caller));
  SYSBOX_ASSIGN_OR_RETURN(const IoUseMap use, ReadIoUse(*group));
  SYSBOX_ASSIGN_OR_RETURN(auto host, resources.host().Read(file));
  return make(*host, use);
}

}  // namespace

std::string DiskstatsText(std::string_view host, const IoUseMap& use) {
  fmt::memory_buffer text;
  ForEachLine(host, [&](std::string_view line) {
    if (const IoUse* io = Find(line, use)) AppendDisk(line, *io, &text);
  });
  return fmt::to_string(text);
}

std::string PartitionsText(std::string_view host, const IoUseMap& use) {
  std::string text = "major minor  #blocks  name\n\n";
  ForEachLine(host, [&](std::string_view line) {
    if (Find(line, use) != nullptr) text.append(line).push_back('\n');
  });
  return text;
}

absl::StatusOr<std::string> Diskstats(ContainerView& view,
                                      const fuse::Caller& caller) {
  return Generate(view, caller, HostFile::kDiskstats, &DiskstatsText);
}

absl::StatusOr<std::string> Partitions(ContainerView& view,
                                       const fuse::Caller& caller) {
  return Generate(view, caller, HostFile::kPartitions, &PartitionsText);
}

}  // namespace sysbox::emu::views
