#include "sysbox/syscont/mount_list.h"

#include "catch2/catch.hpp"

namespace sysbox::syscont {
namespace {

oci::Mount On(const char* destination, const char* source = "") {
  oci::Mount mount;
  mount.destination = destination;
  mount.source = source;
  return mount;
}

TEST_CASE("the last of several mounts on a destination is found") {
  std::vector<oci::Mount> mounts = {On("/a", "first"), On("/b"),
                                    On("//a/", "second")};
  REQUIRE(FindMount(mounts, "/a") != nullptr);
  CHECK(FindMount(mounts, "/a")->source == "second");
  CHECK(FindMount(mounts, "/c") == nullptr);
}

TEST_CASE("mounts on a directory and below it are removed apart") {
  std::vector<oci::Mount> mounts = {On("/a"), On("/a/b"), On("/ab")};
  RemoveMountsBelow(mounts, "/a");
  REQUIRE(mounts.size() == 2);
  RemoveMounts(mounts, "/a");
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].destination == "/ab");
}

TEST_CASE("read-only replaces whichever was there") {
  oci::Mount mount;
  mount.options = {"nosuid", "rw"};
  SetReadOnly(mount, true);
  CHECK(mount.options == std::vector<std::string>{"nosuid", "ro"});
}

}  // namespace
}  // namespace sysbox::syscont
