// Overlays as engines mount them, from what mountinfo says to files on disk.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/process.h"
#include "sysbox/mounts/assemble_overlay.h"
#include "sysbox/mounts/build.h"
#include "sysbox/mounts/container_harness.h"
#include "sysbox/mounts/gather.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox::mounts {
namespace {

using testing::TempDir;

// A store laid out like Docker's: N layers with links to them, an upper one.
// Layer i holds file "i", and all hold "same"; the first is on top.
class Store {
 public:
  explicit Store(int layers) : layers_(layers) {}
  absl::Status Fill() const;
  absl::Status Mount(const std::string& more_options, bool relative) const;
  const TempDir& dir() const { return dir_; }
  std::string merged() const { return dir_ / "id/merged"; }
  std::string upper(const std::string& name) const {
    return dir_ / ("id/diff/" + name);
  }

 private:
  int layers_;
  TempDir dir_;
};

absl::Status Store::Fill() const {
  for (const char* name : {"l", "id/diff", "id/work", "id/merged"}) {
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(dir_ / name, 0755));
  }
  for (int i = 0; i < layers_; ++i) {
    const std::string layer = dir_ / fmt::format("layer{}/diff", i);
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(layer, 0755));
    SYSBOX_RETURN_IF_ERROR(
        ReplaceFile(fmt::format("{}/{}", layer, i), "x", 0600));
    SYSBOX_RETURN_IF_ERROR(
        ReplaceFile(layer + "/same", fmt::format("{}", i), 0600));
    SYSBOX_RETURN_IF_ERROR(Symlink(fmt::format("../layer{}/diff", i),
                                   dir_ / fmt::format("l/L{}", i)));
  }
  return absl::OkStatus();
}

// Mounted as Docker does: mount(2), one string, perhaps relative to the store.
absl::Status Store::Mount(const std::string& more_options,
                          bool relative) const {
  const std::string base = relative ? "" : dir_.path() + "/";
  std::string options = "lowerdir=";
  for (int i = 0; i < layers_; ++i) {
    options += fmt::format("{}{}l/L{}", i == 0 ? "" : ":", base, i);
  }
  options += fmt::format(",upperdir={0}id/diff,workdir={0}id/work{1}", base,
                         more_options);
  SYSBOX_ASSIGN_OR_RETURN(const Fd cwd,
                          Open(dir_.path(), {.flags = O_PATH | O_DIRECTORY}));
  if (relative) SYSBOX_RETURN_IF_ERROR(ChangeDirectory(cwd));
  if (mount("overlay", merged().c_str(), "overlay", 0, options.c_str()) != 0) {
    return ErrnoStatus(errno, "mount overlay");
  }
  return absl::OkStatus();
}

absl::StatusOr<MountPlan> PlanFor(const std::string& rootfs) {
  oci::Spec spec;
  spec.root.emplace();
  spec.root->path = rootfs;
  spec.linux.emplace();
  BuildOptions options;
  options.maps = HarnessMaps();
  SYSBOX_ASSIGN_OR_RETURN(const BuildInputs inputs,
                          GatherBuildInputs(spec, "/", options));
  return BuildMountPlan(spec, inputs);
}

absl::Status UseTheRootfs() {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat lower, StatAt(FdRef::Cwd(), "/0"));
  RETURN_UNLESS(lower.st_uid == 0 && lower.st_gid == 0);
  SYSBOX_ASSIGN_OR_RETURN(const std::string same, ReadFile("/same"));
  RETURN_UNLESS(same == "0");
  SYSBOX_RETURN_IF_ERROR(MakeDirectory("/dir", 0755));
  SYSBOX_RETURN_IF_ERROR(ReplaceFile("/dir/new", "y", 0600));
  // A copy-up and a whiteout.
  SYSBOX_ASSIGN_OR_RETURN(const Fd same_file,
                          Open("/same", {.flags = O_WRONLY | O_TRUNC}));
  SYSBOX_RETURN_IF_ERROR(WriteAll(same_file, "changed"));
  SYSBOX_RETURN_IF_ERROR(Unlink("/1"));
  RETURN_UNLESS(!Exists("/1"));
  return absl::OkStatus();
}

absl::Status CheckUpper(const Store& store) {
  for (const char* name : {"dir", "dir/new", "same", "1"}) {
    SYSBOX_ASSIGN_OR_RETURN(
        const struct stat found,
        StatAt(FdRef::Cwd(), store.upper(name), AT_SYMLINK_NOFOLLOW));
    RETURN_UNLESS(found.st_uid == 0 && found.st_gid == 0);
  }
  SYSBOX_ASSIGN_OR_RETURN(
      const struct stat whiteout,
      StatAt(FdRef::Cwd(), store.upper("1"), AT_SYMLINK_NOFOLLOW));
  RETURN_UNLESS(S_ISCHR(whiteout.st_mode) && whiteout.st_rdev == 0);
  return absl::OkStatus();
}

// In a mount namespace of the test's own, where engines' mounts can be made.
absl::Status RunOn(const Store& store, const std::string& options,
                   bool relative) {
  return testing::RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(store.Fill());
    SYSBOX_RETURN_IF_ERROR(store.Mount(options, relative));
    SYSBOX_ASSIGN_OR_RETURN(const MountPlan plan, PlanFor(store.merged()));
    RETURN_UNLESS(plan.rootfs.kind == RootfsPlan::Kind::kIdMappedOverlay);
    SYSBOX_RETURN_IF_ERROR(RunInContainer(plan, UseTheRootfs));
    return CheckUpper(store);
  });
}

TEST_CASE("an engine's overlay is used with the container's ids") {
  CHECK_OK(RunOn(Store(3), ",index=off", false));
}

TEST_CASE("a hundred layers, named relative to the store") {
  CHECK_OK(RunOn(Store(100), "", true));
}

TEST_CASE("a volatile overlay can be used twice in a row") {
  Store store(2);
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(store.Fill());
    SYSBOX_RETURN_IF_ERROR(store.Mount(",volatile", false));
    SYSBOX_ASSIGN_OR_RETURN(const MountPlan plan, PlanFor(store.merged()));
    for (int run = 0; run < 2; ++run) {
      SYSBOX_RETURN_IF_ERROR(RunInContainer(
          plan, [] { return ReplaceFile("/again", "x", 0600); }));
    }
    return absl::OkStatus();
  }));
}

TEST_CASE("the engine's own mount stays usable meanwhile and afterwards") {
  Store store(2);
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(store.Fill());
    SYSBOX_RETURN_IF_ERROR(store.Mount("", false));
    SYSBOX_ASSIGN_OR_RETURN(const MountPlan plan, PlanFor(store.merged()));
    SYSBOX_RETURN_IF_ERROR(RunInContainer(plan, UseTheRootfs));
    // A whiteout needs the work directory, which the other must have left.
    SYSBOX_RETURN_IF_ERROR(Unlink(store.merged() + "/0"));
    SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                            ReadFile(store.merged() + "/dir/new"));
    RETURN_UNLESS(text == "y");
    return absl::OkStatus();
  }));
}

TEST_CASE("layers on different mounts are cloned one by one") {
  Store store(3);
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(store.dir() / "layer1", 0755));
    SYSBOX_ASSIGN_OR_RETURN(const Fd at,
                            Open(store.dir() / "layer1", {.flags = O_PATH}));
    SYSBOX_ASSIGN_OR_RETURN(const DetachedMount tmpfs,
                            NewFilesystem("tmpfs", "t", {}, 0));
    SYSBOX_RETURN_IF_ERROR(AttachMount(tmpfs, at));
    SYSBOX_RETURN_IF_ERROR(store.Fill());
    SYSBOX_RETURN_IF_ERROR(store.Mount("", false));
    SYSBOX_ASSIGN_OR_RETURN(const MountPlan plan, PlanFor(store.merged()));
    SYSBOX_RETURN_IF_ERROR(RunInContainer(plan, UseTheRootfs));
    return CheckUpper(store);
  }));
}

// Assembled as for a kernel that knows no other method; the topmost and the
// lowest layer are there.
absl::Status AssembleAs(OverlayMethod method, int layers) {
  Store store(layers);
  return testing::RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(store.Fill());
    SYSBOX_RETURN_IF_ERROR(store.Mount("", true));
    SYSBOX_ASSIGN_OR_RETURN(const MountPlan plan, PlanFor(store.merged()));
    SYSBOX_ASSIGN_OR_RETURN(const Fd owner, testing::MakeUserNamespace());
    std::vector<DetachedMount> discarded;
    SYSBOX_ASSIGN_OR_RETURN(
        const DetachedMount mount,
        AssembleOverlayBy(method, plan.rootfs, plan.maps, owner, discarded));
    return testing::RunInUserNamespace(0, [&]() -> absl::Status {
      SYSBOX_ASSIGN_OR_RETURN(const struct stat found, StatAt(mount.fd(), "0"));
      RETURN_UNLESS(found.st_uid == 0);
      SYSBOX_ASSIGN_OR_RETURN(const std::string same,
                              ReadFileAt(mount.fd(), "same"));
      RETURN_UNLESS(same == "0");
      const std::string lowest = fmt::format("{}", layers - 1);
      SYSBOX_RETURN_IF_ERROR(StatAt(mount.fd(), lowest).status());
      return MakeDirectoryAt(mount.fd(), "new", 0755);
    });
  });
}

TEST_CASE("kernels that take no layers from detached mounts are served too") {
  for (const int count : {2, 70}) {
    CHECK_OK(AssembleAs(OverlayMethod::kAttached, count));
  }
}

TEST_CASE("kernels that take lower layers as one string are served too") {
  // 127: as many as an engine's image may have.
  for (const int count : {1, 2, 127}) {
    CHECK_OK(AssembleAs(OverlayMethod::kJoined, count));
  }
}

TEST_CASE("a failure in the mounting child comes back with its text") {
  Store store(2);
  REQUIRE_OK(store.Fill());
  RootfsPlan rootfs;
  rootfs.overlay.lower = {store.dir() / "layer0/diff",
                          store.dir() / "layer1/diff"};
  rootfs.overlay.common_parent = store.dir().path();
  rootfs.overlay.options = {{"nonsense", "1"}};
  const Fd owner = VALUE_OF(testing::MakeUserNamespace());
  std::vector<DetachedMount> discarded;
  const auto mount = AssembleOverlayBy(OverlayMethod::kAttached, rootfs,
                                       HarnessMaps(), owner, discarded);
  CHECK_ERRNO(EINVAL, mount);
  const std::string text(MessageOf(mount.status()));
  CHECK(text.find("set nonsense=1 of overlay: ") == 0);
  const std::string kernels = "Invalid argument";
  CHECK(text.find(kernels) == text.size() - kernels.size());
}

// An overlay on an overlay is what engines inside ask for.
absl::Status MountOverlayInDataRoot() {
  for (const char* name : {"/data/l", "/data/u", "/data/w", "/data/m"}) {
    SYSBOX_RETURN_IF_ERROR(MakeDirectory(name, 0755));
  }
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount overlay,
                          NewFilesystem("overlay", "inner",
                                        {{"lowerdir", "/data/l"},
                                         {"upperdir", "/data/u"},
                                         {"workdir", "/data/w"},
                                         {"userxattr", ""}},
                                        0));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat image,
                          StatAt(FdRef::Cwd(), "/data/image"));
  RETURN_UNLESS(image.st_uid == 0 && image.st_mode == (S_IFREG | 04755));
  return absl::OkStatus();
}

TEST_CASE("a data root is no overlay, and has what the image holds") {
  const Store store(2);
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(store.Fill());
    const std::string lower = store.dir() / "layer1/diff/data";
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(lower, 0755));
    SYSBOX_RETURN_IF_ERROR(ReplaceFile(lower + "/image", "i", 04755));
    SYSBOX_RETURN_IF_ERROR(store.Mount("", false));
    SYSBOX_ASSIGN_OR_RETURN(MountPlan plan, PlanFor(store.merged()));
    MountOp op;
    op.kind = MountOp::Kind::kDataRoot;
    op.target = "/data";
    op.source = store.upper("");
    op.id_map = true;
    plan.ops.push_back(op);
    op.target = "/new/one";
    op.mode = 0710;
    plan.ops.push_back(op);
    SYSBOX_RETURN_IF_ERROR(RunInContainer(plan, MountOverlayInDataRoot));
    SYSBOX_ASSIGN_OR_RETURN(const struct stat made,
                            StatAt(FdRef::Cwd(), store.upper("new/one")));
    RETURN_UNLESS(made.st_mode == (S_IFDIR | 0710));
    // Copied once: what the container deletes stays deleted.
    SYSBOX_RETURN_IF_ERROR(Unlink(store.upper("data/image")));
    return RunInContainer(plan, []() -> absl::Status {
      RETURN_UNLESS(Exists("/data/u") && !Exists("/data/image"));
      return absl::OkStatus();
    });
  }));
}

TEST_CASE("a data root that is a file or leads to the top is left alone") {
  const Store store(2);
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, [&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(store.Fill());
    SYSBOX_RETURN_IF_ERROR(Symlink("/", store.dir() / "layer1/diff/top"));
    SYSBOX_RETURN_IF_ERROR(store.Mount("", false));
    SYSBOX_ASSIGN_OR_RETURN(MountPlan plan, PlanFor(store.merged()));
    for (const char* target : {"/same", "/top"}) {
      MountOp op;
      op.kind = MountOp::Kind::kDataRoot;
      op.target = target;
      op.source = store.upper("");
      op.id_map = true;
      plan.ops.push_back(op);
    }
    return RunInContainer(plan, UseTheRootfs);
  }));
}

}  // namespace
}  // namespace sysbox::mounts
