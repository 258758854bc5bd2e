#include "sysbox/linux/close_all.h"

#include <fcntl.h>

#include <utility>
#include <vector>

#include "catch2/catch.hpp"

namespace sysbox {
namespace {

bool IsOpen(int number) { return fcntl(number, F_GETFD) != -1; }

Fd OpenNullAt(int number) {
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  return Fd(fcntl(null.get(), F_DUPFD_CLOEXEC, number));
}

TEST_CASE("all are closed and what is between them is not") {
  std::vector<Fd> fds;
  for (int number : {103, 100, 101, 105, 107, 108}) {
    fds.push_back(OpenNullAt(number));
    REQUIRE(fds.back().get() == number);
  }
  fds.emplace_back();
  const Fd other = OpenNullAt(102);
  CloseAll(std::move(fds));
  for (int number : {100, 101, 103, 105, 107, 108}) CHECK(!IsOpen(number));
  CHECK(IsOpen(other.get()));
}

TEST_CASE("nothing is closed where there is nothing") {
  CloseAll({});
  std::vector<Fd> none(3);
  CloseAll(std::move(none));
  CHECK(IsOpen(0));
}

}  // namespace
}  // namespace sysbox
