#include "sysbox/fuse/request_buffers.h"

#include <linux/fuse.h>

#include <cerrno>
#include <cstring>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::fuse {
namespace {

// As read(2) would leave it.
void Receive(RequestBuffers& buffers, int buffer, std::string_view name,
             uint64_t unique) {
  buffers.Await(buffer, name);
  fuse_in_header header = {};
  header.len = sizeof header;
  header.unique = unique;
  memcpy(buffers.At(buffer).data(), &header, sizeof header);
}

uint64_t UniqueOf(std::string_view request) {
  fuse_in_header header;
  REQUIRE(request.size() == sizeof header);
  memcpy(&header, request.data(), sizeof header);
  return header.unique;
}

TEST_CASE("a successor finds what was read and not answered") {
  Fd memory;
  {
    auto first = VALUE_OF(RequestBuffers::Create());
    memory = VALUE_OF(Duplicate(first->memory()));
    const int a = VALUE_OF(first->Claim());
    const int b = VALUE_OF(first->Claim());
    const int c = VALUE_OF(first->Claim());
    Receive(*first, a, "web", 7);
    Receive(*first, b, "web.2", 8);
    Receive(*first, c, "web", 9);
    first->Done(c);
    CHECK(first->TakeLeft("web").empty());
  }
  for (int generation = 0; generation < 3; ++generation) {
    // Found again as long as nobody has answered it.
    auto next = VALUE_OF(RequestBuffers::Open(VALUE_OF(Duplicate(memory))));
    for (int i = 0; i < 40; ++i) (void)VALUE_OF(next->Claim());
    const auto left = next->TakeLeft("web");
    REQUIRE(left.size() == 1);
    CHECK(UniqueOf(left[0].request) == 7);
    CHECK(next->TakeLeft("web").empty());
    if (generation == 2) next->Done(left[0].buffer);
  }
  auto last = VALUE_OF(RequestBuffers::Open(std::move(memory)));
  CHECK(last->TakeLeft("web").empty());
  CHECK(last->TakeLeft("web.2").size() == 1);
  CHECK(last->TakeLeft("").empty());
}

TEST_CASE("buffers end, and other memory is refused") {
  auto buffers = VALUE_OF(RequestBuffers::Create());
  absl::StatusOr<int> claimed = 0;
  while (claimed.ok()) claimed = buffers->Claim();
  CHECK(ErrnoOf(claimed.status()) == ENOSPC);
  CHECK_FALSE(RequestBuffers::Open(VALUE_OF(MakeMemoryFile("x", "y"))).ok());
}

TEST_CASE("a name that is too long is not looked for") {
  auto first = VALUE_OF(RequestBuffers::Create());
  const std::string name(300, 'n');
  Receive(*first, VALUE_OF(first->Claim()), name, 7);
  auto next =
      VALUE_OF(RequestBuffers::Open(VALUE_OF(Duplicate(first->memory()))));
  CHECK(next->TakeLeft(name).empty());
}

}  // namespace
}  // namespace sysbox::fuse
