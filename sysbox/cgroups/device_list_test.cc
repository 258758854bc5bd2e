#include "sysbox/cgroups/device_list.h"

#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/cgroups/device_program.h"
#include "sysbox/linux/bpf.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cgroups {
namespace {

using Rules = std::vector<oci::DeviceRule>;

// What Docker 20.10 sends.
Rules DockerRules() {
  return {{false, "", {}, {}, "rwm"}, {true, "c", 1, 5, "rwm"},
          {true, "c", 1, 3, "rwm"},   {true, "c", 1, 9, "rwm"},
          {true, "c", 1, 8, "rwm"},   {true, "c", 5, 0, "rwm"},
          {true, "c", 5, 1, "rwm"},   {false, "c", 10, 229, "rwm"}};
}

Rules WithDefaults(Rules rules) {
  rules.insert(rules.end(), DefaultDeviceRules().begin(),
               DefaultDeviceRules().end());
  return rules;
}

std::string Text(const std::vector<DeviceWrite>& writes) {
  std::string text;
  for (const DeviceWrite& write : writes) {
    text += fmt::format("{} {}\n", write.allow ? "allow" : "deny", write.rule);
  }
  return text;
}

TEST_CASE("Docker's rules with the defaults come to twelve writes") {
  const DeviceList list =
      VALUE_OF(BuildDeviceList(WithDefaults(DockerRules())));
  CHECK(Text(FreshDeviceWrites(list)) ==
        "deny a\n"
        "allow b *:* m\n"
        "allow c *:* m\n"
        "allow c 1:3 rwm\n"
        "allow c 1:5 rwm\n"
        "allow c 1:7 rwm\n"
        "allow c 1:8 rwm\n"
        "allow c 1:9 rwm\n"
        "allow c 5:0 rwm\n"
        "allow c 5:1 rwm\n"
        "allow c 5:2 rwm\n"
        "allow c 136:* rwm\n");
}

TEST_CASE("without rules everything is denied") {
  CHECK(Text(FreshDeviceWrites(VALUE_OF(BuildDeviceList({})))) == "deny a\n");
}

TEST_CASE("later rules change earlier ones") {
  const DeviceList list =
      VALUE_OF(BuildDeviceList(Rules{{true, "c", 1, 3, "rw"},
                                     {true, "c", 1, 3, "m"},
                                     {false, "c", 1, 3, "w"},
                                     {true, "b", 8, -1, "r"}}));
  CHECK(Text(FreshDeviceWrites(list)) ==
        "deny a\nallow b 8:* r\nallow c 1:3 rm\n");
}

TEST_CASE("an all-devices rule forgets what was before it") {
  const DeviceList list =
      VALUE_OF(BuildDeviceList(Rules{{true, "c", 1, 3, "rw"},
                                     {true, "a", {}, {}, "rwm"},
                                     {false, "b", 8, 0, "w"}}));
  CHECK(Text(FreshDeviceWrites(list)) == "allow a\ndeny b 8:0 w\n");
  // Both kinds, when numbers are given.
  CHECK(VALUE_OF(BuildDeviceList(Rules{{true, "a", 1, 3, "r"}}))
            .exceptions.size() == 2);
}

TEST_CASE("a hole in a wider rule is refused, as v1 cannot express it") {
  const absl::Status status =
      BuildDeviceList(Rules{{true, "c", 1, {}, "rw"}, {false, "c", 1, 3, "w"}})
          .status();
  CHECK(MessageOf(status) ==
        "linux.resources.devices[1]: cannot deny \"c 1:3 w\": an earlier rule "
        "overlaps it");
  // What the wider rule never gave is no hole.
  CHECK_OK(
      BuildDeviceList(Rules{{true, "c", 1, {}, "r"}, {false, "c", 1, 3, "w"}}));
}

TEST_CASE("malformed rules name their field") {
  auto message = [](oci::DeviceRule rule) {
    return std::string(MessageOf(BuildDeviceList(Rules{rule}).status()));
  };
  CHECK(message({true, "c", 1, 3, ""}) ==
        "linux.resources.devices[0]: access: \"\" is not some of \"rwm\"");
  CHECK(message({true, "c", 1, 3, "rx"}) ==
        "linux.resources.devices[0]: access: \"rx\" is not some of \"rwm\"");
  CHECK(message({true, "q", 1, 3, "r"}) ==
        "linux.resources.devices[0]: type: unknown value \"q\"");
  CHECK(message({true, "c", -2, 3, "r"}) ==
        "linux.resources.devices[0]: major: device number -2 is out of range");
  CHECK(message({true, "c", 1, int64_t{1} << 32, "r"}) ==
        "linux.resources.devices[0]: minor: device number 4294967296 is out "
        "of range");
}

TEST_CASE("a transition writes only differences, removals first") {
  const DeviceList from =
      VALUE_OF(ParseDeviceList("c 1:3 rwm\nc 1:5 rw\nb 8:* r\n"));
  const DeviceList to = VALUE_OF(ParseDeviceList("c 1:3 r\nc 1:5 rwm\n"));
  CHECK(Text(DeviceTransition(from, to)) ==
        "deny b 8:* r\ndeny c 1:3 wm\nallow c 1:5 m\n");
  CHECK(DeviceTransition(from, from).empty());
  const DeviceList all = VALUE_OF(ParseDeviceList("a *:* rwm\n"));
  CHECK(Text(DeviceTransition(all, to)) ==
        "deny a\nallow c 1:3 r\nallow c 1:5 rwm\n");
}

TEST_CASE("devices.list lines that are malformed are errors") {
  CHECK_FALSE(ParseDeviceList("c 1:3").ok());
  CHECK_FALSE(ParseDeviceList("c x:3 r").ok());
  CHECK_FALSE(ParseDeviceList("d 1:3 r").ok());
}

TEST_CASE("a device program tries each exception, then the default") {
  DeviceList list;
  list.exceptions[{'b', kAnyDevice, kAnyDevice}] = kDeviceMknod;
  list.exceptions[{'c', 1, 3}] = kDeviceAll;
  list.exceptions[{'c', 136, kAnyDevice}] = kDeviceRead | kDeviceWrite;
  CHECK(DescribeDeviceProgram(DeviceProgram(list)) ==
        "  0: w2 = [r1 + 0]\n"
        "  1: w3 = w2\n"
        "  2: w2 &= 65535\n"
        "  3: w3 >>= 16\n"
        "  4: w4 = [r1 + 4]\n"
        "  5: w5 = [r1 + 8]\n"
        "  6: if w2 != 1 goto 12\n"
        "  7: w1 = w3\n"
        "  8: w1 &= 1\n"
        "  9: if w1 != w3 goto 12\n"
        " 10: w0 = 1\n"
        " 11: exit\n"
        " 12: if w2 != 2 goto 17\n"
        " 13: if w4 != 1 goto 17\n"
        " 14: if w5 != 3 goto 17\n"
        " 15: w0 = 1\n"
        " 16: exit\n"
        " 17: if w2 != 2 goto 24\n"
        " 18: w1 = w3\n"
        " 19: w1 &= 6\n"
        " 20: if w1 != w3 goto 24\n"
        " 21: if w4 != 136 goto 24\n"
        " 22: w0 = 1\n"
        " 23: exit\n"
        " 24: w0 = 0\n"
        " 25: exit\n");
}

TEST_CASE("denying is for any of the denied accesses") {
  DeviceList list;
  list.default_allow = true;
  list.exceptions[{'c', 1, 3}] = kDeviceWrite;
  CHECK(DescribeDeviceProgram(DeviceProgram(list)) ==
        "  0: w2 = [r1 + 0]\n"
        "  1: w3 = w2\n"
        "  2: w2 &= 65535\n"
        "  3: w3 >>= 16\n"
        "  4: w4 = [r1 + 4]\n"
        "  5: w5 = [r1 + 8]\n"
        "  6: if w2 != 2 goto 14\n"
        "  7: w1 = w3\n"
        "  8: w1 &= 4\n"
        "  9: if w1 == 0 goto 14\n"
        " 10: if w4 != 1 goto 14\n"
        " 11: if w5 != 3 goto 14\n"
        " 12: w0 = 0\n"
        " 13: exit\n"
        " 14: w0 = 1\n"
        " 15: exit\n");
}

TEST_CASE("the kernel's verifier takes the programs") {
  const DeviceList usual =
      VALUE_OF(BuildDeviceList(WithDefaults(DockerRules())));
  CHECK_OK(LoadDeviceProgram(DeviceProgram(usual)));
  CHECK_OK(LoadDeviceProgram(DeviceProgram(DeviceList{})));
  DeviceList all;
  all.default_allow = true;
  all.exceptions[{'b', 4294967295, 4294967295}] = kDeviceWrite;
  CHECK_OK(LoadDeviceProgram(DeviceProgram(all)));
}

}  // namespace
}  // namespace sysbox::cgroups
