#include "sysbox/mounts/gather.h"

#include <functional>
#include <optional>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mounts {
namespace {

oci::Spec SpecWithRoot(const std::string& path) {
  oci::Spec spec;
  spec.root.emplace();
  spec.root->path = path;
  spec.linux.emplace();
  return spec;
}

TEST_CASE("the rootfs and bind sources may be relative to the bundle") {
  testing::TempDir dir;
  REQUIRE_OK(MakeDirectory(dir / "rootfs", 0755));
  REQUIRE_OK(MakeDirectory(dir / "src", 0755));
  oci::Spec spec = SpecWithRoot("rootfs");
  oci::Mount bind;
  bind.destination = "/dst";
  bind.source = "src";
  bind.options = {"rbind"};
  oci::Mount proc;
  proc.type = "proc";
  spec.mounts = {proc, bind};
  const BuildInputs inputs =
      VALUE_OF(GatherBuildInputs(spec, dir.path(), BuildOptions()));
  CHECK(inputs.rootfs.path == dir / "rootfs");
  CHECK(inputs.rootfs.uid == 0);
  CHECK_FALSE(inputs.rootfs.overlay.has_value());
  REQUIRE(inputs.sources.size() == 2);
  CHECK_FALSE(inputs.sources[0].has_value());
  CHECK(inputs.sources[1]->path == dir / "src");
}

TEST_CASE("what is missing is named by its field") {
  testing::TempDir dir;
  const auto no_root =
      GatherBuildInputs(SpecWithRoot("nope"), dir.path(), BuildOptions());
  CHECK(MessageOf(no_root.status()) ==
        "root.path \"" + (dir / "nope") + "\": No such file or directory");
  oci::Spec spec = SpecWithRoot("/");
  oci::Mount bind;
  bind.type = "bind";
  bind.source = "/no/such/source";
  spec.mounts = {bind};
  const auto no_source = GatherBuildInputs(spec, "/", BuildOptions());
  CHECK(MessageOf(no_source.status()) ==
        "mounts[0].source \"/no/such/source\": No such file or directory");
}

// The rootfs has what `make` puts into its /etc; a file that says `text` is
// mounted at `target`.
std::optional<size_t> HostnameMount(
    const std::function<void(const std::string& etc)>& make,
    const std::string& text = "web\n", const std::string& target = "hostname",
    const std::string& option = "rw") {
  testing::TempDir dir;
  REQUIRE_OK(MakeDirectories(dir / "rootfs/etc", 0755));
  make(dir / "rootfs/etc");
  REQUIRE_OK(ReplaceFile(dir / "name", text, 0644));
  oci::Spec spec = SpecWithRoot("rootfs");
  spec.hostname = "web";
  oci::Mount bind;
  bind.type = "bind";
  bind.source = "name";
  bind.destination = "/etc/" + target;
  bind.options = {"rbind", option};
  spec.mounts = {bind};
  BuildOptions options;
  options.hostname_file = true;
  return VALUE_OF(GatherBuildInputs(spec, dir.path(), options)).hostname_mount;
}

TEST_CASE("/etc/hostname may be a file that is replaced inside") {
  const auto nothing = [](const std::string&) {};
  CHECK(HostnameMount(nothing) == 0);
  CHECK(HostnameMount([](const std::string& etc) {
          REQUIRE_OK(ReplaceFile(etc + "/hostname", "image\n", 0644));
        }) == 0);
  // Not if it says more, is the user's to be read only, or not the mount's.
  CHECK(HostnameMount(nothing, "web") == std::nullopt);
  CHECK(HostnameMount(nothing, "other\n") == std::nullopt);
  CHECK(HostnameMount(nothing, "web\n", "hosts") == std::nullopt);
  CHECK(HostnameMount(nothing, "web\n", ".") == std::nullopt);
  CHECK(HostnameMount(nothing, "web\n", "hostname", "ro") == std::nullopt);
  // Nor is a link of the image's touched.
  CHECK(HostnameMount([](const std::string& etc) {
          REQUIRE_OK(Symlink("/etc/static", etc + "/hostname"));
        }) == std::nullopt);
}

TEST_CASE("a rootfs that is a file is refused") {
  testing::TempDir dir;
  REQUIRE_OK(ReplaceFile(dir / "file", "", 0644));
  const auto inputs =
      GatherBuildInputs(SpecWithRoot("file"), dir.path(), BuildOptions());
  CHECK_ERRNO(ENOTDIR, inputs);
}

TEST_CASE("a device is known as one") {
  oci::Spec spec = SpecWithRoot("/");
  oci::Mount bind;
  bind.type = "bind";
  bind.source = "/dev/zero";
  spec.mounts = {bind};
  const BuildInputs inputs =
      VALUE_OF(GatherBuildInputs(spec, "/", BuildOptions()));
  CHECK(inputs.sources[0]->device);
}

}  // namespace
}  // namespace sysbox::mounts
