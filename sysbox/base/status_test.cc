#include "sysbox/base/status.h"

#include <cerrno>
#include <string>

#include "catch2/catch.hpp"

namespace sysbox {
namespace {

absl::Status Mount() {
  SYSBOX_RETURN_IF_ERROR(ErrnoStatus(EPERM, "mount proc on /proc"), "rootfs {}",
                         7);
  return absl::OkStatus();
}

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return InvalidArgument("{}: not even", value);
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  SYSBOX_ASSIGN_OR_RETURN(int half, Half(value), "quarter of {}", value);
  SYSBOX_ASSIGN_OR_RETURN(int quarter, Half(half));
  return quarter;
}

TEST_CASE("an error reads as a path and ends in the kernel's words") {
  CHECK(MessageOf(Mount()) ==
        "rootfs 7: mount proc on /proc: Operation not permitted");
}

TEST_CASE("the exact errno survives annotation") {
  CHECK(ErrnoOf(Mount()) == EPERM);
  // Abseil folds these two into one code.
  CHECK(ErrnoOf(ErrnoStatus(EACCES, "open")) == EACCES);
  CHECK(ErrnoOf(ErrnoStatus(EROFS, "open")) == EROFS);
}

TEST_CASE("a status that crossed a process border is the same") {
  absl::Status sent = Mount();
  absl::Status got = RestoreStatus(static_cast<int>(sent.code()), ErrnoOf(sent),
                                   MessageOf(sent));
  CHECK(got == sent);
  CHECK(RestoreStatus(0, 0, "no code").code() == absl::StatusCode::kInternal);
}

TEST_CASE("an error without an errno has none") {
  CHECK(ErrnoOf(InvalidArgument("bad")) == 0);
  CHECK(ErrnoOf(absl::OkStatus()) == 0);
}

TEST_CASE("assign-or-return passes values and adds context") {
  CHECK(*Quarter(8) == 2);
  CHECK(MessageOf(Quarter(7).status()) == "quarter of 7: 7: not even");
  CHECK(MessageOf(Quarter(6).status()) == "3: not even");
}

}  // namespace
}  // namespace sysbox
