#include "sysbox/testing/temp_dir.h"

#include <cstdio>
#include <cstdlib>

#include "absl/status/status.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::testing {
TempDir::TempDir() : path_("/tmp/sysbox.XXXXXX") {
  if (mkdtemp(path_.data()) != nullptr) return;
  std::perror("mkdtemp");
  std::abort();
}

TempDir::~TempDir() {
  const absl::Status status = RemoveTree(path_);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
}

std::string TempDir::operator/(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

}  // namespace sysbox::testing
