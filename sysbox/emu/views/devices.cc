#include "sysbox/emu/views/devices.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/kernel_text.h"

namespace sysbox::emu::views {
namespace {

// By name: majors of some are given out at random.
constexpr std::string_view kCommon[] = {
    "mem",          "/dev/vc/0", "tty",  "ttyS", "/dev/tty",
    "/dev/console", "/dev/ptmx", "misc", "ptm",  "pts"};

using Major = std::pair<char, std::string_view>;  // 'c' or 'b'

// "c 1:3 rwm", "b 8:* rw", "a *:* rwm".
std::set<Major> AllowedMajors(std::string_view allowed) {
  std::set<Major> majors;
  ForEachLine(allowed, [&majors](std::string_view line) {
    const std::string_view type = TakeField(&line);
    std::string_view device = TakeField(&line);
    const std::string_view access = TakeField(&line);
    if (type.empty() || access.find_first_of("rw") == std::string_view::npos) {
      return;
    }
    majors.insert({type.front(), device.substr(0, device.find(':'))});
  });
  return majors;
}

bool Shown(char type, std::string_view major, std::string_view name,
           const std::set<Major>& allowed) {
  const bool common = std::find(std::begin(kCommon), std::end(kCommon), name) !=
                      std::end(kCommon);
  return (type == 'c' && common) || allowed.count({'a', "*"}) > 0 ||
         allowed.count({type, "*"}) > 0 || allowed.count({type, major}) > 0;
}

}  // namespace

std::string DevicesText(std::string_view host, std::string_view allowed) {
  const std::set<Major> majors = AllowedMajors(allowed);
  std::string text;
  char type = 'c';
  ForEachLine(host, [&](std::string_view line) {
    std::string_view rest = line;
    const std::string_view major = TakeField(&rest);
    const std::string_view name = TakeField(&rest);
    const bool heading = name == "devices:";
    if (heading) type = major == "Block" ? 'b' : 'c';
    if (heading || major.empty() || Shown(type, major, name, majors)) {
      text.append(line).push_back('\n');
    }
  });
  return text;
}

absl::StatusOr<std::string> Devices(ContainerView& view,
                                    const fuse::Caller& caller) {
  ContainerResources& resources = view.resources();
  SYSBOX_ASSIGN_OR_RETURN(auto group, resources.Of(view.facts(), caller));
  SYSBOX_ASSIGN_OR_RETURN(const std::string allowed,
                          group->Read(Controller::kDevices, "devices.list"));
  SYSBOX_ASSIGN_OR_RETURN(auto host, resources.host().Read(HostFile::kDevices));
  return DevicesText(*host, allowed);
}

}  // namespace sysbox::emu::views
