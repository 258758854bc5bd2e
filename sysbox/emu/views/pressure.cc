#include "sysbox/emu/views/pressure.h"

#include "sysbox/base/status.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/kernel_text.h"

namespace sysbox::emu::views {
namespace {

absl::StatusOr<std::string> Generate(ContainerView& view,
                                     const fuse::Caller& caller,
                                     std::string_view file, HostFile host) {
  ContainerResources& resources = view.resources();
  SYSBOX_ASSIGN_OR_RETURN(auto group, resources.Of(view.facts(), caller));
  SYSBOX_ASSIGN_OR_RETURN(std::string own,
                          group->Read(Controller::kUnified, file));
  if (!own.empty()) return own;
  SYSBOX_ASSIGN_OR_RETURN(auto text, resources.host().Read(host));
  return NoPressure(*text);
}

}  // namespace

std::string NoPressure(std::string_view host) {
  std::string text;
  ForEachLine(host, [&text](std::string_view line) {
    const std::string_view kind = TakeField(&line);
    if (kind.empty()) return;
    text.append(kind).append(" avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  });
  return text;
}

absl::StatusOr<std::string> PressureCpu(ContainerView& view,
                                        const fuse::Caller& caller) {
  return Generate(view, caller, "cpu.pressure", HostFile::kPressureCpu);
}

absl::StatusOr<std::string> PressureIo(ContainerView& view,
                                       const fuse::Caller& caller) {
  return Generate(view, caller, "io.pressure", HostFile::kPressureIo);
}

absl::StatusOr<std::string> PressureMemory(ContainerView& view,
                                           const fuse::Caller& caller) {
  return Generate(view, caller, "memory.pressure", HostFile::kPressureMemory);
}

absl::StatusOr<std::string> PressureIrq(ContainerView& view,
                                        const fuse::Caller& caller) {
  return Generate(view, caller, "irq.pressure", HostFile::kPressureIrq);
}

}  // namespace sysbox::emu::views
