#include "sysbox/emu/host_traces.h"

#include "catch2/catch.hpp"
#include "sysbox/emu/fake_view.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::emu {
namespace {

TEST_CASE("a command line keeps what programs look for, and no disk") {
  CHECK(SharedCommandLine(
            "BOOT_IMAGE=/vmlinuz root=UUID=8b6f-1 ro quiet console=ttyS0\t"
            "cgroup_enable=memory swapaccount=1 rootwait rodata=off "
            "systemd.unified_cgroup_hierarchy=1 crypt.key=secret\n") ==
        "ro quiet cgroup_enable=memory swapaccount=1 "
        "systemd.unified_cgroup_hierarchy=1\n");
  CHECK(SharedCommandLine("") == "\n");
}

TEST_CASE("a link to a virtual device is shown, to any other not") {
  testing::TempDir root;
  FakeView view(root.path());
  const fuse::Caller caller = {7, 0, 0};
  const std::string tty = root.path() + "/host/sys/class/tty";
  REQUIRE_OK(MakeDirectories(tty, 0755));
  REQUIRE_OK(Symlink("../../devices/virtual/tty/tty1", tty + "/tty1"));
  REQUIRE_OK(Symlink("../../devices/pnp0/00:04/tty/ttyS0", tty + "/ttyS0"));
  CHECK_FALSE(IsHostsTty(view, caller, "tty1"));
  CHECK(IsHostsTty(view, caller, "ttyS0"));
  CHECK(IsHostsMisc(view, caller, "tty1"));
  CHECK_FALSE(IsHostsCounter(view, caller, "cpu"));
  CHECK(IsHostsCounter(view, caller, "uncore_imc_0"));
}

}  // namespace
}  // namespace sysbox::emu
