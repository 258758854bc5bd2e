#include "sysbox/linux/inotify.h"

#include <sys/inotify.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"

namespace sysbox {
namespace {

TEST_CASE("a watch tells of a write, once, and of the file's end") {
  const char* base = std::getenv("TEST_TMPDIR");
  const std::string path = std::string(base ? base : "/tmp") + "/inotify_test";
  REQUIRE(ReplaceFile(path, "a", 0600).ok());
  absl::StatusOr<Fd> watch = WatchPath(path, IN_MODIFY);
  REQUIRE(watch.ok());
  CHECK(*ReadWatch(*watch) == 0);
  REQUIRE(WriteExisting(path, "b").ok());
  REQUIRE(*WaitReadable(*watch, 5000));
  CHECK((*ReadWatch(*watch) & IN_MODIFY) != 0);
  CHECK(*ReadWatch(*watch) == 0);
  REQUIRE(Unlink(path).ok());
  REQUIRE(*WaitReadable(*watch, 5000));
  CHECK((*ReadWatch(*watch) & IN_IGNORED) != 0);
}

TEST_CASE("watching an absent file gives ENOENT and its name") {
  const absl::Status status = WatchPath("/nonexistent/x", IN_MODIFY).status();
  CHECK(ErrnoOf(status) == ENOENT);
  CHECK(std::string(MessageOf(status)).find("/nonexistent/x") !=
        std::string::npos);
}

}  // namespace
}  // namespace sysbox
