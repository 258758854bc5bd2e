#include "sysbox/fuse/request.h"

#include <linux/fuse.h>

#include <cerrno>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::fuse {
namespace {

std::string MakeRequest(uint32_t opcode, const std::string& payload) {
  fuse_in_header header = {};
  header.len = static_cast<uint32_t>(sizeof header + payload.size());
  header.opcode = opcode;
  header.unique = 77;
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) +
         payload;
}

TEST_CASE("a whole request says how it is answered") {
  const Request lookup =
      VALUE_OF(CheckRequest(MakeRequest(FUSE_LOOKUP, std::string("a", 2))));
  CHECK(lookup.unique == 77);
  CHECK(lookup.action == RequestAction::kDecode);
  CHECK(lookup.asks_tree);
  const Request open =
      VALUE_OF(CheckRequest(MakeRequest(FUSE_OPEN, std::string(8, '\0'))));
  CHECK(open.action == RequestAction::kDecode);
  CHECK_FALSE(open.asks_tree);
  const Request unlink =
      VALUE_OF(CheckRequest(MakeRequest(FUSE_UNLINK, std::string("a", 2))));
  CHECK(unlink.action == RequestAction::kRefuse);
  CHECK(unlink.error_number == EACCES);
  CHECK(unlink.sysfs_error_number == EPERM);
  CHECK(VALUE_OF(CheckRequest(MakeRequest(FUSE_FORGET, ""))).action ==
        RequestAction::kIgnore);
}

TEST_CASE("operations of later kernels are politely unknown") {
  for (uint32_t opcode : {0u, 7u, 19u, 52u, 4096u, 0xffffffffu}) {
    const Request request = VALUE_OF(CheckRequest(MakeRequest(opcode, "")));
    CHECK(request.action == RequestAction::kRefuse);
    CHECK(request.error_number == ENOSYS);
  }
}

TEST_CASE("what is cut off or lies about its length is an error") {
  CHECK_FALSE(CheckRequest("").ok());
  CHECK_FALSE(CheckRequest(std::string(39, '\0')).ok());
  CHECK_FALSE(CheckRequest(MakeRequest(FUSE_LOOKUP, "a")).ok());
  CHECK_FALSE(CheckRequest(MakeRequest(FUSE_GETATTR, "1234567")).ok());
  CHECK_FALSE(CheckRequest(MakeRequest(FUSE_STATFS, "") + "x").ok());
  fuse_write_in write = {};
  write.size = 3;
  const std::string body(reinterpret_cast<const char*>(&write), sizeof write);
  CHECK(CheckRequest(MakeRequest(FUSE_WRITE, body + "abc")).ok());
  CHECK_FALSE(CheckRequest(MakeRequest(FUSE_WRITE, body + "ab")).ok());
}

}  // namespace
}  // namespace sysbox::fuse
