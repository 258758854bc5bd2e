#include "sysbox/trap/allowed_mounts.h"

#include <cerrno>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/linux/mount.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::trap {
namespace {

TEST_CASE("a list of types is the administrator's, and of known ones") {
  CHECK(VALUE_OF(ParseAllowedMounts("")).empty());
  CHECK(VALUE_OF(ParseAllowedMounts("nfs,ext4,")) ==
        std::vector<std::string>{"nfs", "ext4"});
  for (const char* type : {"debugfs", "tracefs", "btrfs", "overlay", "proc",
                           "ext4 ", "9p", "fuseblk", "NFS"}) {
    const absl::Status status = ParseAllowedMounts(type).status();
    REQUIRE_FALSE(status.ok());
    CHECK(std::string(status.message()).find(type) != std::string::npos);
  }
}

TEST_CASE("options that reach beyond the device or server are refused") {
  const AllowableType& ext4 = *FindAllowableType("ext4");
  CHECK_OK(CheckOptions(ext4, {}));
  const std::vector<FilesystemOption> usual = {{"ro", ""}, {"noload", ""}};
  CHECK_OK(CheckOptions(ext4, usual));
  const std::vector<FilesystemOption> others[] = {
      {{"ro", ""}, {"journal_path", "/dev/vda"}},
      {{"journal_dev", "0xfe00"}},
      {{"errors", "panic"}},
      {{"usrjquota", "f"}},
      {{"", ""}}};
  for (const auto& options : others) {
    CHECK_ERRNO(EPERM, CheckOptions(ext4, options));
  }
  const AllowableType& nfs = *FindAllowableType("nfs");
  const std::vector<FilesystemOption> plain = {{"addr", "10.0.0.1"},
                                               {"sec", "sys"}};
  CHECK_OK(CheckOptions(nfs, plain));
  const std::vector<FilesystemOption> kerberos = {{"sec", "krb5"}};
  CHECK_ERRNO(EPERM, CheckOptions(nfs, kerberos));
}

std::string Owned(const char* type, std::vector<FilesystemOption> options) {
  AddOwner(*FindAllowableType(type), 100000, 200000, &options);
  std::string text;
  for (const FilesystemOption& option : options) {
    text += option.key + "=" + option.value + " ";
  }
  return text;
}

TEST_CASE("files without an owner are the caller's, if it says nothing else") {
  CHECK(Owned("cifs", {{"guest", ""}}) == "guest= uid=100000 gid=200000 ");
  CHECK(Owned("smb3", {{"gid", "7"}}) == "gid=7 uid=100000 ");
  CHECK(Owned("cifs", {{"uid", "1"}, {"gid", "2"}}) == "uid=1 gid=2 ");
  CHECK(Owned("nfs", {}).empty());
  CHECK(Owned("ext4", {}).empty());
}

TEST_CASE("an image does not say what becomes of the host on errors") {
  const AllowableType& ext4 = *FindAllowableType("ext4");
  REQUIRE(ext4.forced.size() == 1);
  CHECK(ext4.forced[0].key == "errors");
  CHECK(ext4.forced[0].value == "remount-ro");
}

}  // namespace
}  // namespace sysbox::trap
