#include "sysbox/trap/mount_arguments.h"

#include <linux/mount.h>

#include <cerrno>
#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::trap {
namespace {

constexpr uint64_t kMarker = 0xc0ed0000;

std::string Text(uint64_t flags, std::string_view data) {
  const IdMaps maps = {MapOnto({100000, 10}), MapOnto({200000, 10})};
  const NewMount mount = VALUE_OF(DecodeNewMount(flags, data, maps));
  std::string text = fmt::format("{:#x}", mount.attributes);
  for (const FilesystemOption& option : mount.options) {
    text += fmt::format(" {}={}", option.key, option.value);
  }
  return text;
}

TEST_CASE("what mount(2) does is read off its flags as the kernel reads them") {
  CHECK(ActionOf(0) == MountAction::kNew);
  CHECK(ActionOf(kMarker | MS_NOSUID) == MountAction::kNew);
  CHECK(ActionOf(MS_PRIVATE) == MountAction::kOther);
  CHECK(ActionOf(MS_MOVE) == MountAction::kOther);
  CHECK(ActionOf(kMarker | MS_BIND | MS_REC) == MountAction::kBind);
  CHECK(ActionOf(MS_REMOUNT | MS_BIND | MS_RDONLY) == MountAction::kRemount);
}

TEST_CASE("flags and data become options and attributes") {
  CHECK(Text(0, "") == "0x0");
  CHECK(Text(kMarker | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "") ==
        "0xf ro=");
  CHECK(Text(MS_NOATIME, "hidepid=2,subset=pid") ==
        "0x10 hidepid=2 subset=pid");
  CHECK(Text(MS_STRICTATIME | MS_SYNCHRONOUS, ",,x") == "0x20 sync= x=");
}

TEST_CASE("options that may name a file are told from those that do not") {
  const auto named = [](std::string_view data) {
    const IdMap map = MapOnto({100000, 10});
    return !NamesNoFile(
        VALUE_OF(DecodeNewMount(MS_RDONLY, data, {map, map})).options);
  };
  CHECK(!named(""));
  CHECK(!named("gid=3,hidepid=invisible,subset=pid,rw"));
  for (const char* file : {"pidns=/proc/1/ns/pid", "pidns", "gid=3,source=/x",
                           "what_comes_next=/x"}) {
    CAPTURE(file);
    CHECK(named(file));
  }
}

TEST_CASE("ids in the data are the caller's") {
  CHECK(Text(0, "gid=3,hidepid=1") == "0x0 gid=200003 hidepid=1");
  CHECK(Text(0, "user=u,uid=0,gid=9,forceuid") ==
        "0x0 user=u uid=100000 gid=200009 forceuid=");
  const IdMap map = MapOnto({100000, 10});
  for (const char* bad :
       {"gid=10", "gid=what", "gid=", "gid", "gid=0x0", "gid=+0", "gid=010",
        "gid=0\n", "gid=4294967296", "uid=10", "uid=-1", "uid", "uid=0x1",
        "uid=root", "uid=1,uid=10"}) {
    CAPTURE(bad);
    CHECK(ErrnoOf(DecodeNewMount(0, bad, {map, map}).status()) == EINVAL);
  }
}

}  // namespace
}  // namespace sysbox::trap
