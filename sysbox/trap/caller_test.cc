// What /proc/TID/status says of a caller, and who may say what there.
#include "sysbox/trap/caller.h"

#include <linux/capability.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::trap {
namespace {

std::string Status(const std::string& name, const std::string& groups) {
  return "Name:\t" + name +
         "\nUmask:\t0027\nState:\tR (running)\nTgid:\t31\nNgid:\t0\nPid:\t32\n"
         "PPid:\t1\nTracerPid:\t0\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"
         "FDSize:\t64\nGroups:\t" +
         groups +
         "\nNStgid:\t31\nCapInh:\t0000000000000000\n"
         "CapPrm:\t000001ffffffffff\nCapEff:\t0000000000200000\n"
         "CapBnd:\t0000000000000000\n";
}

TEST_CASE("a caller's identity is read from its status") {
  const CallerIdentity identity =
      VALUE_OF(ParseCallerIdentity(Status("cat", "4 24 27 ")));
  CHECK(identity.process == 31);
  CHECK(identity.filesystem_uid == 4);
  CHECK(identity.filesystem_gid == 8);
  CHECK(identity.groups == std::vector<gid_t>{4, 24, 27});
  CHECK(identity.umask == 027);
  CHECK(identity.Can(CAP_SYS_ADMIN));
  CHECK_FALSE(identity.Can(CAP_MKNOD));
  CHECK(VALUE_OF(ParseCallerIdentity(Status("cat", " "))).groups.empty());
  CHECK(VALUE_OF(ParseCallerIdentity(Status("cat", ""))).groups.empty());
}

TEST_CASE("the kernel's own words are understood") {
  const CallerIdentity identity = VALUE_OF(
      ParseCallerIdentity(VALUE_OF(ReadFile("/proc/thread-self/status"))));
  CHECK(identity.process == getpid());
  CHECK(identity.filesystem_uid == geteuid());
}

TEST_CASE("a name cannot pass for what follows it") {
  for (const char* name : {"Uid:\t0\t0\t0\t0", R"(x\nUid:\t0\t0\t0\t0)",
                           "CapEff:\tffffffffffffffff"}) {
    const CallerIdentity identity =
        VALUE_OF(ParseCallerIdentity(Status(name, " ")));
    CHECK(identity.filesystem_uid == 4);
    CHECK_FALSE(identity.Can(CAP_MKNOD));
  }
}

TEST_CASE("what is missing or odd is nobody's identity") {
  const std::string whole = Status("cat", "4 ");
  for (const char* key : {"Umask", "Tgid", "Uid", "Gid", "Groups", "CapEff"}) {
    std::string text = whole;
    text.replace(text.find("\n" + std::string(key)) + 1, 1, "X");
    CHECK_FALSE(ParseCallerIdentity(text).ok());
  }
  for (const char* groups : {"4 x", "-4 ", "4,5 ", "99999999999 "}) {
    CHECK_FALSE(ParseCallerIdentity(Status("cat", groups)).ok());
  }
  CHECK_FALSE(ParseCallerIdentity("").ok());
  CHECK_FALSE(ParseCallerIdentity(whole.substr(0, 100)).ok());
}

}  // namespace
}  // namespace sysbox::trap
