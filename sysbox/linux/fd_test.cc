#include "sysbox/linux/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }
bool ClosesOnExec(FdRef fd) {
  return (fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0;
}
Fd OpenNull() { return Fd(open("/dev/null", O_RDWR | O_CLOEXEC)); }

TEST_CASE("a descriptor is closed by its owner's destructor") {
  int number = -1;
  {
    const Fd fd = OpenNull();
    number = fd.get();
    CHECK(IsOpen(number));
  }
  CHECK_FALSE(IsOpen(number));
}

TEST_CASE("moving a descriptor moves the duty to close it") {
  Fd first = OpenNull();
  const int number = first.get();
  Fd second = std::move(first);
  CHECK_FALSE(first.valid());  // NOLINT: what moving leaves is the point
  CHECK(second.get() == number);

  Fd third = OpenNull();
  const int replaced = third.get();
  third = std::move(second);
  CHECK(third.get() == number);
  CHECK_FALSE(IsOpen(replaced));
  CHECK(IsOpen(number));
}

TEST_CASE("a released descriptor stays open") {
  Fd fd = OpenNull();
  const int number = fd.release();
  CHECK_FALSE(fd.valid());
  CHECK(IsOpen(number));
  fd.Reset(number);
  fd.Reset();
  CHECK_FALSE(IsOpen(number));
}

TEST_CASE("a duplicate is another close-on-exec descriptor of the same file") {
  const Fd fd = OpenNull();
  const Fd copy = VALUE_OF(Duplicate(fd));
  CHECK(copy.get() != fd.get());
  CHECK(ClosesOnExec(copy));
}

TEST_CASE("a bad descriptor is EBADF everywhere") {
  const FdRef bad(1 << 20);
  CHECK_ERRNO(EBADF, Duplicate(bad));
  CHECK_ERRNO(EBADF, DuplicateOnto(bad, 50));
  CHECK_ERRNO(EBADF, DuplicateOnto(bad, bad.get()));
  CHECK_ERRNO(EBADF, SetCloseOnExec(bad, true));
  CHECK_ERRNO(EBADF, SetNonBlocking(bad, true));
}

TEST_CASE("a descriptor duplicated onto a number survives exec") {
  const Fd fd = OpenNull();
  const Fd target = OpenNull();
  REQUIRE_OK(DuplicateOnto(fd, target.get()));
  CHECK_FALSE(ClosesOnExec(target));

  // Onto itself it only loses its flag.
  CHECK(ClosesOnExec(fd));
  REQUIRE_OK(DuplicateOnto(fd, fd.get()));
  CHECK_FALSE(ClosesOnExec(fd));
}

TEST_CASE("flags are set and cleared one at a time") {
  const Fd fd = OpenNull();
  REQUIRE_OK(SetCloseOnExec(fd, false));
  CHECK_FALSE(ClosesOnExec(fd));
  REQUIRE_OK(SetCloseOnExec(fd, true));
  CHECK(ClosesOnExec(fd));

  REQUIRE_OK(SetNonBlocking(fd, true));
  CHECK((fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(fd.get(), F_GETFL) & O_ACCMODE) == O_RDWR);
  REQUIRE_OK(SetNonBlocking(fd, false));
  CHECK((fcntl(fd.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("everything from a number on becomes close-on-exec") {
  const Fd low(fcntl(OpenNull().get(), F_DUPFD, 100));
  const Fd high(fcntl(low.get(), F_DUPFD, 200));
  REQUIRE(high.valid());
  REQUIRE_OK(CloseOnExecFrom(200));
  CHECK_FALSE(ClosesOnExec(low));
  CHECK(ClosesOnExec(high));
  CHECK_FALSE(CloseOnExecFrom(-1).ok());
}

TEST_CASE("the proc path of a descriptor leads to its file") {
  const Fd fd = OpenNull();
  char target[64];
  const ssize_t size = readlink(ProcPath(fd).c_str(), target, sizeof target);
  REQUIRE(size > 0);
  CHECK(std::string(target, static_cast<size_t>(size)) == "/dev/null");
}

}  // namespace
}  // namespace sysbox
