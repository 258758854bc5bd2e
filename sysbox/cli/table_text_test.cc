#include "sysbox/cli/table_text.h"

#include "catch2/catch.hpp"

namespace sysbox::cli {
namespace {

TEST_CASE("columns are spaced as runc's") {
  CHECK(TableText({{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}}) ==
        "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
  CHECK(TableText({{"ID", "BUNDLE", "OWNER"}, {"x1", "/home/box/b", "root"}}) ==
        "ID          BUNDLE        OWNER\n"
        "x1          /home/box/b   root\n");
}

TEST_CASE("no rows are no text") { CHECK(TableText({}).empty()); }

}  // namespace
}  // namespace sysbox::cli
