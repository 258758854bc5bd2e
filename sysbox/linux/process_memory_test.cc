#include "sysbox/linux/process_memory.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

// Two pages, the second one not there.
class Edge {
 public:
  Edge()
      : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))),
        start_(
            static_cast<char*>(mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    munmap(start_ + page_, page_);
  }
  ~Edge() { munmap(start_, page_); }
  // Puts `bytes` right before the edge.
  uint64_t Put(const std::string& bytes) const {
    char* place = start_ + page_ - bytes.size();
    memcpy(place, bytes.data(), bytes.size());
    return reinterpret_cast<uint64_t>(place);
  }

 private:
  size_t page_;
  char* start_;
};

TEST_CASE("memory is read whole or not at all") {
  const Edge edge;
  const uint64_t at = edge.Put("abc");
  CHECK(VALUE_OF(ReadMemory(getpid(), at, 3)) == "abc");
  CHECK(ErrnoOf(ReadMemory(getpid(), at, 4).status()) == EFAULT);
  CHECK(ErrnoOf(ReadMemory(getpid(), 16, 4).status()) == EFAULT);
  CHECK(VALUE_OF(ReadMemory(getpid(), 16, 0)).empty());
}

TEST_CASE("memory is read as far as there is any") {
  const Edge edge;
  const std::string text(5000, 'x');
  const auto whole = reinterpret_cast<uint64_t>(text.c_str());
  CHECK(VALUE_OF(ReadMemoryUpTo(getpid(), whole, 5000)) == text);
  CHECK(VALUE_OF(ReadMemoryUpTo(getpid(), edge.Put("abc"), 4096)) == "abc");
  CHECK(ErrnoOf(ReadMemoryUpTo(getpid(), 16, 4).status()) == EFAULT);
  CHECK(ErrnoOf(ReadMemoryUpTo(getpid(), ~uint64_t{0}, 9).status()) == EFAULT);
  CHECK(ErrnoOf(ReadMemoryUpTo(-1, whole, 9).status()) == ESRCH);
}

TEST_CASE("pieces of memory are read at once, or none is") {
  const Edge edge;
  const uint64_t at = edge.Put("abc");
  const std::string text(5000, 'x');
  const auto other = reinterpret_cast<uint64_t>(text.c_str());
  const auto pieces = VALUE_OF(ReadMemoryPieces(getpid(), {other, at, other}));
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[1].address == at);
  CHECK(pieces[1].data == "abc");  // up to the end of the page
  CHECK(pieces[0].data == text.substr(0, pieces[0].data.size()));
  CHECK(pieces[0].data.size() <= 256);
  CHECK(pieces[2].data == pieces[0].data);
  CHECK(VALUE_OF(ReadMemoryPieces(getpid(), {})).empty());
  CHECK_ERRNO(EFAULT, ReadMemoryPieces(getpid(), {other, at + 3}));
  CHECK_ERRNO(EFAULT, ReadMemoryPieces(getpid(), {16, other}));
  CHECK_ERRNO(EFAULT, ReadMemoryPieces(getpid(), {~uint64_t{0}}));
}

TEST_CASE("a string may end at the edge of memory, and must end") {
  const Edge edge;
  const uint64_t at = edge.Put(std::string("path\0", 5));
  CHECK(VALUE_OF(ReadMemoryString(getpid(), at, 4096)) == "path");
  CHECK(ErrnoOf(ReadMemoryString(getpid(), at, 4).status()) == ENAMETOOLONG);
  CHECK(VALUE_OF(ReadMemoryString(getpid(), at + 4, 4096)).empty());
  const uint64_t endless = edge.Put("path");
  CHECK(ErrnoOf(ReadMemoryString(getpid(), endless, 4096).status()) == EFAULT);
  CHECK(ErrnoOf(ReadMemoryString(getpid(), ~uint64_t{0}, 9).status()) ==
        EFAULT);
}

TEST_CASE("a string may cross pages") {
  const std::string text(10000, 'x');
  const auto at = reinterpret_cast<uint64_t>(text.c_str());
  CHECK(VALUE_OF(ReadMemoryString(getpid(), at, 20000)) == text);
}

TEST_CASE("memory of another process is written through its descriptor") {
  static char place[] = "before";
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(strcmp(place, "behind") == 0 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, WUNTRACED) == child);
  const Fd memory = VALUE_OF(OpenMemory(child));
  const auto at = reinterpret_cast<uint64_t>(place);
  CHECK_OK(WriteMemory(memory, at, "behind"));
  CHECK(std::string(place) == "before");
  CHECK(ErrnoOf(WriteMemory(memory, 16, "x")) == EFAULT);
  kill(child, SIGCONT);
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

}  // namespace
}  // namespace sysbox
