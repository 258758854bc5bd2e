#include "sysbox/mounts/kernel_files.h"

#include <fcntl.h>

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mounts {
namespace {

// A root directory with `directories` and `links` ("PATH -> TARGET").
struct Root {
  void Directory(const std::string& path) {
    CHECK_OK(MakeDirectories(dir / path, 0755));
  }
  void Link(const std::string& path, const std::string& target) {
    CHECK_OK(Symlink(target, dir / path));
  }
  void File(const std::string& path, const std::string& text) {
    CHECK_OK(ReplaceFile(dir / path, text, 0644));
  }
  std::string Found() {
    std::string text;
    const Fd root = VALUE_OF(Open(dir.path(), {.flags = O_PATH}));
    for (const KernelDirectory& found : FindKernelFiles(root, "6.1")) {
      text += found.target;
      if (found.source != found.target) text += "<" + found.source;
      text += " ";
    }
    return text;
  }
  testing::TempDir dir;
};

TEST_CASE("Debian's headers are found in all their parts") {
  Root host;
  for (const char* path :
       {"usr/lib/modules/6.1", "usr/src/linux-headers-6.1",
        "usr/src/linux-headers-6.1-common", "usr/lib/linux-kbuild-6.1/scripts",
        "usr/src/other"}) {
    host.Directory(path);
  }
  host.Link("lib", "usr/lib");
  host.Link("usr/lib/modules/6.1/build", "/usr/src/linux-headers-6.1");
  host.Link("usr/lib/modules/6.1/source", "/usr/src/linux-headers-6.1-common");
  host.Link("usr/src/linux-headers-6.1/scripts",
            "../../lib/linux-kbuild-6.1/scripts");
  host.Link("usr/src/linux-headers-6.1/home", "/root");
  CHECK(host.Found() ==
        "/lib/modules/6.1</usr/lib/modules/6.1 /usr/src/linux-headers-6.1 "
        "/usr/lib/linux-kbuild-6.1 /usr/src/linux-headers-6.1-common ");
}

TEST_CASE("a kernel that was built at home shows no home") {
  Root host;
  host.Directory("lib/modules/6.1");
  host.Directory("root/linux");
  host.Link("lib/modules/6.1/build", "/root/linux");
  CHECK(host.Found() == "/lib/modules/6.1 ");
}

TEST_CASE("headers below the modules, or none, are no more") {
  Root host;
  CHECK(host.Found().empty());
  host.Directory("lib/modules/6.1/build");
  CHECK(host.Found() == "/lib/modules/6.1 ");
  host.Directory("usr/src/kernels/6.1");
  CHECK(host.Found() == "/lib/modules/6.1 /usr/src/kernels/6.1 ");
}

TEST_CASE("where an image looks for headers depends on who made it") {
  Root image;
  const Fd root = VALUE_OF(Open(image.dir.path(), {.flags = O_PATH}));
  const ContainerFiles files(root);
  CHECK(HeadersPath(files, "6.1") == "/usr/src/linux-headers-6.1");
  CHECK_FALSE(WantsKernelFiles(files));
  image.Directory("etc");
  image.File("etc/os-release", "NAME=\"x\"\nID=arch\n");
  CHECK(HeadersPath(files, "6.1").empty());
  image.File("etc/os-release", "ID=\"new\"\nID_LIKE=\"rhel centos\"\n");
  CHECK(HeadersPath(files, "6.1") == "/usr/src/kernels/6.1");
  image.Directory("usr/bin");
  image.File("usr/bin/kmod", "");
  CHECK(WantsKernelFiles(files));
}

}  // namespace
}  // namespace sysbox::mounts
