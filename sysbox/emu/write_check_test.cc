#include "sysbox/emu/write_check.h"

#include <cerrno>
#include <climits>
#include <cstdint>
#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/node_table.h"
#include "sysbox/emu/special_values.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::emu {
namespace {

std::string Accepted(const Check& check, std::string_view data,
                     std::string_view old = "") {
  return VALUE_OF(AcceptWrite(check, data, old));
}

TEST_CASE("numbers are read as the kernel reads them") {
  const Check any = Ints();
  CHECK(Accepted(any, "5") == "5");
  CHECK(Accepted(any, " \t 5 \n") == "5");
  CHECK(Accepted(any, "-7\n") == "-7");
  CHECK(Accepted(any, "0x1F\n") == "31");
  CHECK(Accepted(any, "017") == "15");
  CHECK(Accepted(any, "0") == "0");
  CHECK(Accepted(any, "-0") == "0");
  CHECK(Accepted(any, "1 2 3") == "1");  // the rest is not looked at
  CHECK(Accepted(any, "2147483647") == "2147483647");
  CHECK(Accepted(any, "-2147483648") == "-2147483648");
  CHECK_ERRNO(EINVAL, AcceptWrite(any, "2147483648", ""));
  CHECK_ERRNO(EINVAL, AcceptWrite(any, "-2147483649", ""));
  for (const char* bad :
       {"", "\n", "x", "5x", "0x", "08", "-", "--1", "+5", "1.5", "1e3", "5,6",
        "99999999999999999999999999", "18446744073709551616"}) {
    INFO(bad);
    CHECK_ERRNO(EINVAL, AcceptWrite(any, bad, ""));
  }
  CHECK_ERRNO(EINVAL, AcceptWrite(any, std::string_view("5\0", 2), ""));
}

TEST_CASE("unsigned longs take their whole range and ignore negative ones") {
  CHECK(Accepted(Longs(), "18446744073709551615") == "18446744073709551615");
  CHECK(Accepted(Longs(), "-5", "77") == "77");
  CHECK_ERRNO(EINVAL, AcceptWrite(Longs(), "18446744073709551616", ""));
  CHECK_ERRNO(EINVAL, AcceptWrite(Longs(1), "0", ""));
}

TEST_CASE("a vector keeps what is not given") {
  const Check vector = Ints(INT_MIN, INT_MAX, 4);
  CHECK(Accepted(vector, "1 2 3 4", "4\t4\t1\t7") == "1\t2\t3\t4");
  CHECK(Accepted(vector, "3", "4\t4\t1\t7\n") == "3\t4\t1\t7");
  CHECK(Accepted(vector, "3 -1\n", "4\t4\t1\t7") == "3\t-1\t1\t7");
  CHECK_ERRNO(EINVAL, AcceptWrite(vector, "1 x", "4\t4\t1\t7"));
}

TEST_CASE("text ends at a newline and is cut at its length") {
  CHECK(Accepted(Text(127), "|/usr/lib/core %p\nmore") == "|/usr/lib/core %p");
  CHECK(Accepted(Text(4), "abcdefgh") == "abcd");
  CHECK(Accepted(Text(4), std::string_view("a\0b", 3)) == "a");
  CHECK(Accepted(Text(4), "\n").empty());
  CHECK(Accepted(Words("on off"), "off\n") == "off");
  CHECK_ERRNO(EINVAL, AcceptWrite(Words("on off"), "o", ""));
  CHECK_ERRNO(EINVAL, AcceptWrite(Words("on off"), "", ""));
}

TEST_CASE("values that obey more than a range") {
  CHECK(Accepted(Special(&QueueDiscipline), "fq_codel\n") == "fq_codel");
  CHECK_ERRNO(ENOENT, QueueDiscipline("nonsense", ""));
  CHECK_ERRNO(ENOENT, QueueDiscipline("", ""));
  CHECK(Accepted(Special(&PtraceScope), "3", "1") == "3");
  CHECK_ERRNO(EINVAL, PtraceScope("1", "3"));
  CHECK_ERRNO(EINVAL, PtraceScope("4", "0"));
  CHECK(Accepted(Special(&UnprivilegedBpf), "0", "2") == "0");
  CHECK_ERRNO(EPERM, UnprivilegedBpf("0", "1"));
  CHECK(Accepted(Special(&Choice), "never\n", "always [madvise] never") ==
        "always madvise [never]");
  CHECK(Accepted(Special(&Choice), "always", "[always] never") ==
        "[always] never");
  CHECK_ERRNO(EINVAL, Choice("[never]", "always [never]"));
  CHECK_ERRNO(EINVAL, Choice("never always", "always [never]"));
  CHECK_ERRNO(EINVAL, Choice("\n", "always [never]"));
  CHECK_ERRNO(EINVAL, Choice("", ""));
  CHECK(Accepted(Special(&PipeMaxSize), "1") == "4096");
  CHECK(Accepted(Special(&PipeMaxSize), "5000") == "8192");
  CHECK(Accepted(Special(&PipeMaxSize), "2147483648") == "2147483648");
  CHECK_ERRNO(EINVAL, PipeMaxSize("2147483649", ""));
  CHECK(Accepted(Special(&GroupRange), "0 2147483647\n") == "0\t2147483647");
  CHECK_ERRNO(EINVAL, GroupRange("5 4", ""));
  CHECK_ERRNO(EINVAL, GroupRange("5", ""));
  CHECK_ERRNO(EINVAL, GroupRange("0 2147483648", ""));
}

// Just outside a range, where there is an outside.
void CheckEdges(const Check& check) {
  if (check.kind == Check::Kind::kLongs) {
    const auto min = static_cast<uint64_t>(check.min);
    CHECK(Accepted(check, fmt::to_string(check.max)) ==
          fmt::to_string(check.max));
    CHECK(Accepted(check, fmt::to_string(min)) == fmt::to_string(min));
    if (min > 0) {
      CHECK_ERRNO(EINVAL, AcceptWrite(check, fmt::to_string(min - 1), ""));
    }
    if (check.max < ULONG_MAX) {
      CHECK_ERRNO(EINVAL,
                  AcceptWrite(check, fmt::to_string(check.max + 1), ""));
    }
    return;
  }
  const auto max = static_cast<int64_t>(check.max);
  Check one = check;
  one.count = 1;
  for (const int64_t edge : {check.min, max}) {
    CHECK(Accepted(one, fmt::to_string(edge)) == fmt::to_string(edge));
  }
  CHECK_ERRNO(EINVAL, AcceptWrite(check, fmt::to_string(check.min - 1), ""));
  CHECK_ERRNO(EINVAL, AcceptWrite(check, fmt::to_string(max + 1), ""));
}

TEST_CASE("every row takes its range and nothing beyond") {
  int checked = 0;
  for (const NodeSpec& row : NodeTable()) {
    if (row.check.kind != Check::Kind::kInts &&
        row.check.kind != Check::Kind::kLongs) {
      continue;
    }
    INFO(row.path);
    CheckEdges(row.check);
    ++checked;
  }
  CHECK(checked > 150);
}

}  // namespace
}  // namespace sysbox::emu
