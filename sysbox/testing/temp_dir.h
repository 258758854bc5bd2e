// A directory for one test, removed with all that is in it on destruction.
// Mode 0700, owned by the caller. Mounts below it must be gone by then: they
// are not crossed. Below /tmp, not TEST_TMPDIR: Bazel's may lie where no other
// user gets (/root), and its length leaves no room for a socket's name.
#ifndef SYSBOX_TESTING_TEMP_DIR_H_
#define SYSBOX_TESTING_TEMP_DIR_H_

#include <string>
#include <string_view>

namespace sysbox::testing {

class TempDir {
 public:
  TempDir();  // aborts if it cannot
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  // path() + "/" + name.
  std::string operator/(std::string_view name) const;

 private:
  std::string path_;
};

}  // namespace sysbox::testing

#endif  // SYSBOX_TESTING_TEMP_DIR_H_
