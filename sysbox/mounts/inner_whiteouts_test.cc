#include "sysbox/mounts/inner_whiteouts.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/extended_attributes.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mounts {
namespace {

using testing::TempDir;

// The image's layers, and the data root with what an overlay shows of them.
class Image {
 public:
  Image() {
    for (const char* layer : {"above", "ours", "below"}) {
      Directory(std::string(layer) + "/srv/data");
      layers_.lower.push_back(dir_ / layer);
    }
    Directory("made");
  }
  void Directory(const std::string& path) const {
    CHECK_OK(MakeDirectories(dir_ / path, 0755));
  }
  void File(const std::string& path) const {
    CHECK_OK(ReplaceFile(dir_ / path, "x", 0644));
  }
  void Whiteout(const std::string& path) const {
    CHECK_OK(MakeNodeAt(FdRef::Cwd(), dir_ / path, S_IFCHR, 0));
  }
  void Opaque(const std::string& path) const {
    CHECK_OK(MakeOpaque(VALUE_OF(Open(dir_ / path, {}))));
  }
  absl::Status Restore() const {
    const Fd made = VALUE_OF(Open(dir_ / "made", {}));
    return RestoreInnerWhiteouts(layers_, "srv/data", made);
  }
  std::string Place(const std::string& path) const { return dir_ / path; }
  // In the data root.
  bool IsWhiteout(const std::string& path) const {
    const auto found =
        StatAt(FdRef::Cwd(), dir_ / ("made/" + path), AT_SYMLINK_NOFOLLOW);
    return found.ok() && S_ISCHR(found->st_mode) && found->st_rdev == 0;
  }
  std::string InnerOpaque(const std::string& path) const {
    const Fd directory = VALUE_OF(Open(dir_ / ("made/" + path), {}));
    return GetExtendedAttribute(directory, "user.overlay.opaque").value_or("");
  }

 private:
  TempDir dir_;
  OverlayLayers layers_;
};

TEST_CASE("what an inner engine's layer hides is hidden again") {
  const Image image;
  image.Opaque("ours/srv/data");
  image.Directory("ours/srv/data/layer/again");
  image.Directory("made/layer/again");
  image.Whiteout("ours/srv/data/layer/gone");
  image.Whiteout("ours/srv/data/layer/again/gone");
  image.Opaque("ours/srv/data/layer/again");
  CHECK_OK(image.Restore());
  CHECK(image.IsWhiteout("layer/gone"));
  CHECK(image.IsWhiteout("layer/again/gone"));
  CHECK(image.InnerOpaque("layer/again") == "y");
  CHECK(image.InnerOpaque("layer").empty());
}

TEST_CASE("layers above it have the last word") {
  const Image image;
  image.Opaque("ours/srv/data");
  for (const char* name : {"deleted", "replaced", "again", "file"}) {
    image.Directory(std::string("ours/srv/data/") + name);
    image.Whiteout(std::string("ours/srv/data/") + name + "/gone");
  }
  image.Whiteout("above/srv/data/deleted");
  image.File("above/srv/data/replaced");
  image.File("made/replaced");
  image.Directory("above/srv/data/again");
  image.Opaque("above/srv/data/again");
  image.Directory("made/again");
  image.Directory("above/srv/data/file");
  image.File("above/srv/data/file/gone");
  image.Directory("made/file");
  image.File("made/file/gone");
  CHECK_OK(image.Restore());
  for (const char* name : {"deleted", "again/gone", "file/gone"}) {
    CHECK_FALSE(image.IsWhiteout(name));
  }
}

TEST_CASE("whiteouts of the engine outside hide nothing inside") {
  const Image image;
  image.Whiteout("ours/srv/data/gone");
  CHECK_OK(image.Restore());
  CHECK_FALSE(image.IsWhiteout("gone"));
  // Nor those of a layer that another one hides.
  image.Opaque("ours/srv/data");
  image.Opaque("above/srv");
  CHECK_OK(image.Restore());
  CHECK_FALSE(image.IsWhiteout("gone"));
}

TEST_CASE("opaque directories of inner layers are marked for a commit") {
  const TempDir elsewhere;
  const Image image;
  image.Directory("made/layer/again");
  image.Directory("made/layer/plain");
  CHECK_OK(Symlink(elsewhere.path(), image.Place("made/layer/link")));
  const auto open = [&](const std::string& path) {
    return VALUE_OF(Open(image.Place(path), {}));
  };
  for (const std::string& path :
       {image.Place("made/layer/again"), elsewhere.path()}) {
    CHECK_OK(SetExtendedAttribute(VALUE_OF(Open(path, {})),
                                  "user.overlay.opaque", "y", 0));
  }
  CHECK_OK(KeepInnerOpaque(image.Place("made")));
  CHECK(VALUE_OF(IsOpaque(open("made/layer/again"))));
  CHECK_FALSE(VALUE_OF(IsOpaque(open("made/layer/plain"))));
  CHECK_FALSE(VALUE_OF(IsOpaque(VALUE_OF(Open(elsewhere.path(), {})))));
}

TEST_CASE("a hostile layer leads nowhere else") {
  const TempDir elsewhere;
  CHECK_OK(MakeDirectories(elsewhere / "layer", 0755));
  const Image image;
  image.Opaque("ours/srv/data");
  image.Directory("ours/srv/data/layer");
  image.Whiteout("ours/srv/data/layer/gone");
  // The data root itself, should somebody have changed it meanwhile.
  CHECK_OK(Symlink(elsewhere / "layer", image.Place("made/layer")));
  CHECK_FALSE(image.Restore().ok());
  CHECK(VALUE_OF(ListDirectory(elsewhere / "layer")).empty());
}

}  // namespace
}  // namespace sysbox::mounts
