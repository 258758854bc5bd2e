#include "sysbox/oci/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <string>
#include <vector>

#include "catch2/catch.hpp"

namespace sysbox::oci {
namespace {

using Strings = std::vector<std::string>;

TEST_CASE("Docker's options of /dev and of a read-only bind") {
  MountOptions dev = ParseMountOptions(
      Strings{"nosuid", "strictatime", "mode=755", "size=65536k"});
  CHECK(dev.attributes_set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME));
  CHECK(dev.attributes_clear == MOUNT_ATTR__ATIME);
  CHECK(dev.data == Strings{"mode=755", "size=65536k"});
  CHECK_FALSE(dev.bind);

  MountOptions bind = ParseMountOptions(Strings{"rbind", "ro", "rprivate"});
  CHECK(bind.bind);
  CHECK(bind.recursive);
  CHECK(bind.attributes_set == MOUNT_ATTR_RDONLY);
  CHECK(bind.recursive_set == 0);
  CHECK(bind.propagation == std::vector<uint64_t>{MS_PRIVATE | MS_REC});
  CHECK(bind.data.empty());
}

TEST_CASE("later options win") {
  MountOptions options = ParseMountOptions(
      Strings{"ro", "rw", "suid", "nosuid", "sync", "async", "rbind", "bind"});
  CHECK(options.attributes_set == MOUNT_ATTR_NOSUID);
  CHECK(options.attributes_clear == MOUNT_ATTR_RDONLY);
  CHECK(options.superblock_set == 0);
  CHECK(options.superblock_flags == Strings{"async"});
  CHECK_FALSE(options.recursive);
}

TEST_CASE("recursive attributes are kept apart") {
  MountOptions options = ParseMountOptions(
      Strings{"rbind", "rro", "rnoexec", "rdev", "rnoatime", "nodev"});
  CHECK(options.recursive_set ==
        (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME));
  CHECK(options.recursive_clear == (MOUNT_ATTR_NODEV | MOUNT_ATTR__ATIME));
  CHECK(options.attributes_set == MOUNT_ATTR_NODEV);
}

TEST_CASE("an access time is a value, not a bit") {
  auto time = [](Strings options) {
    MountOptions parsed = ParseMountOptions(options);
    return std::pair(parsed.attributes_set & MOUNT_ATTR__ATIME,
                     parsed.attributes_clear & MOUNT_ATTR__ATIME);
  };
  using Pair = std::pair<uint64_t, uint64_t>;
  CHECK(time({"noatime", "strictatime"}) ==
        Pair(MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME));
  CHECK(time({"noatime", "relatime"}) == Pair(0, MOUNT_ATTR__ATIME));
  CHECK(time({"noatime", "atime"}) == Pair(0, MOUNT_ATTR__ATIME));
  CHECK(time({"atime"}) == Pair(0, MOUNT_ATTR__ATIME));
  CHECK(time({"strictatime", "atime"}) ==
        Pair(MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME));
  CHECK(time({"noatime", "norelatime"}) ==
        Pair(MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME));
  CHECK(time({"norelatime"}) == Pair(0, 0));
  CHECK(ParseMountOptions(Strings{"noatime", "nodiratime"}).attributes_set ==
        (MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODIRATIME));
}

TEST_CASE("superblock flags are told in mount(2)'s and in fsconfig's terms") {
  MountOptions options = ParseMountOptions(Strings{
      "sync", "dirsync", "nomand", "lazytime", "silent", "iversion", "noacl"});
  CHECK(options.superblock_set ==
        (MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME | MS_SILENT | MS_I_VERSION));
  CHECK(options.superblock_clear == (MS_MANDLOCK | MS_POSIXACL));
  CHECK(options.superblock_flags ==
        Strings{"dirsync", "lazytime", "nomand", "sync"});
}

TEST_CASE("extension flags and propagation in order") {
  MountOptions options = ParseMountOptions(
      Strings{"bind", "ridmap", "tmpcopyup", "slave", "shared", "remount"});
  CHECK(options.id_map);
  CHECK(options.id_map_recursive);
  CHECK(options.copy_up);
  CHECK(options.remount);
  CHECK(options.propagation == std::vector<uint64_t>{MS_SLAVE, MS_SHARED});
}

TEST_CASE("data with commas is taken apart, protected commas are not") {
  MountOptions options = ParseMountOptions(Strings{
      "", "a=1,b,,c=2", "context=\"u:r:t:s0:c1,c2\"", "lowerdir=/x\\,y:/z"});
  CHECK(options.data == Strings{"a=1", "b", "c=2", "context=\"u:r:t:s0:c1,c2\"",
                                "lowerdir=/x\\,y:/z"});
}

TEST_CASE("every option runc 1.1 names in its features is known") {
  // From `runc features` of 1.1.5, one of each family.
  for (const char* name :
       {"acl", "async", "defaults", "loud", "noiversion", "rnostrictatime",
        "rsymfollow", "runbindable", "tmpcopyup", "nosymfollow"}) {
    auto known = KnownMountOptions();
    INFO(name);
    CHECK(std::find(known.begin(), known.end(), name) != known.end());
  }
}

TEST_CASE("propagation modes map to flags, other options do not") {
  CHECK(PropagationFlag("rslave") == (MS_SLAVE | MS_REC));
  CHECK(PropagationFlag("unbindable") == MS_UNBINDABLE);
  CHECK(PropagationFlag("ro") == 0);
  CHECK(PropagationFlag("") == 0);
  CHECK(PropagationFlag("Private") == 0);
}

}  // namespace
}  // namespace sysbox::oci
