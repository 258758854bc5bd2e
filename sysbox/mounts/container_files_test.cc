#include "sysbox/mounts/container_files.h"

#include <fcntl.h>

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mounts {
namespace {

using testing::TempDir;

class Rootfs {
 public:
  Rootfs() {
    for (const char* name : {"root/usr/lib/x", "root/srv", "out", "data"}) {
      REQUIRE_OK(MakeDirectories(dir_ / name, 0755));
    }
    REQUIRE_OK(Symlink("usr/lib", dir_ / "root/lib"));
    REQUIRE_OK(Symlink("/", dir_ / "root/top"));
    REQUIRE_OK(Symlink("../../../../out", dir_ / "root/away"));
    REQUIRE_OK(ReplaceFile(dir_ / "root/usr/lib/file", "inside", 0644));
    REQUIRE_OK(ReplaceFile(dir_ / "data/file", "bound", 0644));
    root_ = VALUE_OF(Open(dir_ / "root", {.flags = O_PATH | O_DIRECTORY}));
  }
  FdRef root() const { return root_; }
  std::string path(const char* name) const { return dir_ / name; }

 private:
  TempDir dir_;
  Fd root_;
};

TEST_CASE("links that exist are resolved, below the rootfs") {
  const Rootfs rootfs;
  const ContainerFiles files(rootfs.root());
  const struct {
    const char* path;
    const char* expected;
  } kCases[] = {
      {"/usr/lib/x", "/usr/lib/x"},
      {"/lib", "/usr/lib"},
      {"/lib/x", "/usr/lib/x"},
      {"/lib/missing/more", "/usr/lib/missing/more"},
      {"/missing/more", "/missing/more"},
      {"/top", "/"},
      {"/top/lib/x", "/usr/lib/x"},
      {"/top/missing", "/missing"},
      {"/away", "/away"},  // there is no /out in it
      {"/", "/"},
      {"/usr/../lib/x", "/usr/lib/x"},
      {"/usr/lib/file/x", "/usr/lib/file/x"},
  };
  for (const auto& [path, expected] : kCases) {
    CAPTURE(path);
    CHECK(files.Resolve(path) == expected);
  }
  const std::string nul("/usr\0/lib", 9);
  CHECK_FALSE(files.Exists(nul));
}

TEST_CASE("the host's own root is resolved like any") {
  const Fd host = VALUE_OF(Open("/", {.flags = O_PATH | O_DIRECTORY}));
  const ContainerFiles files(host);
  CHECK(files.Resolve("/proc/self/../version") == "/proc/version");
  CHECK(files.Resolve("/") == "/");
}

TEST_CASE("what is bound over a place is what is there") {
  const Rootfs rootfs;
  oci::Mount bind;
  bind.destination = "/lib/x";  // by way of a link
  bind.type = "bind";
  bind.source = rootfs.path("data");
  oci::Mount tmpfs;
  tmpfs.destination = "/srv";
  tmpfs.type = "tmpfs";
  const ContainerFiles files(rootfs.root(), {bind, tmpfs}, "/bundle");
  CHECK(files.ReadConfig("/usr/lib/x/file") == "bound");
  CHECK(files.ReadConfig("/usr/lib/file") == "inside");
  CHECK_FALSE(files.Exists("/srv/file"));
  const auto place = files.FindOnHost("/usr/lib/x/below");
  CHECK(place.source == rootfs.path("data"));
  CHECK(place.below == "/below");
}

}  // namespace
}  // namespace sysbox::mounts
