#include "sysbox/cli/resource_flags.h"

#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cli {
namespace {

using Words = std::vector<std::string>;

absl::StatusOr<oci::Resources> Parse(const Words& words) {
  ParsedArguments parsed =
      VALUE_OF(ParseArguments(ResourceFlags(), Order::kMixed, words));
  return ResourcesOf(parsed.flags);
}

std::string ErrorOf(const Words& words) {
  return std::string(Parse(words).status().message());
}

TEST_CASE("sizes are as Docker's") {
  CHECK(VALUE_OF(ParseSize("0")) == 0);
  CHECK(VALUE_OF(ParseSize("1024")) == 1024);
  CHECK(VALUE_OF(ParseSize("32b")) == 32);
  CHECK(VALUE_OF(ParseSize("32k")) == 32 << 10);
  CHECK(VALUE_OF(ParseSize("32 KB")) == 32 << 10);
  CHECK(VALUE_OF(ParseSize("1.5m")) == 3 << 19);
  CHECK(VALUE_OF(ParseSize("2GiB")) == int64_t{2} << 30);
  CHECK(VALUE_OF(ParseSize("1t")) == int64_t{1} << 40);
  CHECK(VALUE_OF(ParseSize("1P")) == int64_t{1} << 50);
}

TEST_CASE("what is no size is refused") {
  for (const char* text : {"", "k", "12q", "1.2.3", ".5m", "-5", "5mm", "5bb",
                           "0x10", "1e3", " 5", "nan", "inf"}) {
    INFO(text);
    CHECK(ParseSize(text).status().message() ==
          "invalid size: '" + std::string(text) + "'");
  }
  CHECK(ParseSize("9000p").status().message() == "size too large: '9000p'");
}

TEST_CASE("each flag sets its resource and no other") {
  oci::Resources resources = VALUE_OF(
      Parse({"--memory", "100m", "--memory-swap", "-1", "--cpu-quota", "-1",
             "--cpu-period=50000", "--cpu-share", "512", "--cpuset-cpus", "0-1",
             "--pids-limit", "50", "--blkio-weight", "300"}));
  CHECK(resources.memory->limit == 100 << 20);
  CHECK(resources.memory->swap == -1);
  CHECK_FALSE(resources.memory->reservation.has_value());
  CHECK(resources.cpu->quota == -1);
  CHECK(resources.cpu->period == 50000);
  CHECK(resources.cpu->shares == 512);
  CHECK(resources.cpu->cpus == "0-1");
  CHECK(resources.cpu->mems.empty());
  CHECK(resources.pids->limit == 50);
  CHECK(resources.block_io->weight == 300);
}

TEST_CASE("without flags nothing is set") {
  oci::Resources resources = VALUE_OF(Parse({}));
  CHECK_FALSE(resources.memory.has_value());
  CHECK_FALSE(resources.cpu.has_value());
  CHECK_FALSE(resources.pids.has_value());
  CHECK_FALSE(resources.block_io.has_value());
}

TEST_CASE("kernel memory is accepted and changes nothing") {
  CHECK_FALSE(VALUE_OF(Parse({"--kernel-memory", "5m"})).memory.has_value());
}

TEST_CASE("a bad value names its flag") {
  CHECK(ErrorOf({"--memory", "12q"}) ==
        "invalid value for memory: invalid size: '12q'");
  CHECK(ErrorOf({"--cpu-share", "-1"}) ==
        "invalid value for cpu-share: \"-1\" is not a number");
  CHECK(ErrorOf({"--blkio-weight", "5"}) ==
        "invalid value for blkio-weight: \"5\" is not within 10..1000");
  CHECK(ErrorOf({"--l3-cache-schema", "L3:0=f"}) ==
        "invalid value for l3-cache-schema: Intel RDT is not supported");
}

TEST_CASE("zeros, as Docker sends them, mean unchanged") {
  oci::Resources resources;
  resources.memory.emplace().limit = 0;
  resources.memory->swap = -1;
  resources.cpu.emplace().shares = 0;
  resources.cpu->quota = 5000;
  resources.block_io.emplace().weight = 0;
  resources.pids = oci::Pids{0};
  DropZeros(resources);
  CHECK_FALSE(resources.memory->limit.has_value());
  CHECK(resources.memory->swap == -1);
  CHECK_FALSE(resources.cpu->shares.has_value());
  CHECK(resources.cpu->quota == 5000);
  CHECK_FALSE(resources.block_io->weight.has_value());
  CHECK_FALSE(resources.pids.has_value());
}

}  // namespace
}  // namespace sysbox::cli
