#include "sysbox/oci/validate_resources.h"

#include <functional>
#include <string>
#include <string_view>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox::oci {
namespace {

std::string ErrorAfter(const std::function<void(Resources&)>& change) {
  Resources resources;
  change(resources);
  return std::string(MessageOf(ValidateResources(resources, "r")));
}

TEST_CASE("each error of the resources names its field") {
  struct Case {
    std::function<void(Resources&)> change;
    std::string_view error;
  };
  const Case cases[] = {
      {[](Resources&) {}, ""},
      {[](Resources& r) {
         r.devices = {{false, "", {}, {}, "rwm"}};
       },
       ""},
      {[](Resources& r) {
         r.devices = {{false, "p", {}, {}, "rwm"}};
       },
       "r.devices[0].type: unknown value \"p\""},
      {[](Resources& r) {
         r.devices = {{false, "c", {}, {}, ""}};
       },
       "r.devices[0].access: empty"},
      {[](Resources& r) {
         r.devices = {{false, "c", {}, {}, "rx"}};
       },
       "r.devices[0].access: \"rx\" is not made of r, w, m"},
      {[](Resources& r) {
         r.devices = {{false, "c", -1, -1, "r"}};
       },
       ""},
      {[](Resources& r) {
         r.devices = {{false, "c", 1, -2, "r"}};
       },
       "r.devices[0].minor: -2 is not from -1 to 4294967295"},
      {[](Resources& r) { r.memory.emplace().swappiness = 101; },
       "r.memory.swappiness: 101 is not from 0 to 100"},
      {[](Resources& r) {
         r.memory.emplace().limit = 10;
         r.memory->swap = 9;
       },
       "r.memory.swap: 9 is less than memory.limit, 10, which it includes"},
      {[](Resources& r) {
         r.memory.emplace().limit = 10;
         r.memory->swap = -1;
       },
       ""},
      {[](Resources& r) { r.cpu.emplace().shares = 0; }, ""},
      {[](Resources& r) { r.cpu.emplace().shares = 1; },
       "r.cpu.shares: 1 is not from 2 to 262144"},
      {[](Resources& r) { r.cpu.emplace().period = 999; },
       "r.cpu.period: 999 is not from 1000 to 1000000"},
      {[](Resources& r) { r.cpu.emplace().cpus = "0-3,5"; }, ""},
      {[](Resources& r) { r.cpu.emplace().mems = "all"; },
       "r.cpu.mems: \"all\" is not a list of numbers"},
      {[](Resources& r) { r.block_io.emplace().weight = 9; },
       "r.blockIO.weight: 9 is not from 10 to 1000"},
      {[](Resources& r) {
         r.block_io.emplace().weight_device = {{8, 0, 500, 1001}};
       },
       "r.blockIO.weightDevice[0].leafWeight: 1001 is not from 10 to 1000"},
      {[](Resources& r) {
         r.block_io.emplace().throttle_read_iops_device = {{-1, 0, 5}};
       },
       "r.blockIO.throttleReadIOPSDevice[0].major: -1 is not from 0 to "
       "4294967295"},
      {[](Resources& r) {
         r.hugepage_limits = {{"2MB", 1}, {"2M", 1}};
       },
       "r.hugepageLimits[1].pageSize: \"2M\" is not like \"2MB\""},
      {[](Resources& r) {
         r.network.emplace().priorities = {{"eth0 1\neth1", 1}};
       },
       "r.network.priorities[0].name: \"eth0 1?eth1\" is no interface name"},
      {[](Resources& r) { r.rdma[""] = {}; }, "r.rdma: \"\" is no device name"},
      {[](Resources& r) { r.unified["memory.high"] = "max"; }, ""},
      {[](Resources& r) { r.unified["../memory.high"] = "max"; },
       "r.unified: \"../memory.high\" is not of the form CONTROLLER.PARAMETER"},
      {[](Resources& r) { r.unified["memory"] = "max"; },
       "r.unified: \"memory\" is not of the form CONTROLLER.PARAMETER"},
  };
  for (const Case& c : cases) CHECK(ErrorAfter(c.change) == c.error);
}

TEST_CASE("without a field the error starts at the object's own fields") {
  Resources resources;
  resources.cpu.emplace().idle = 2;
  CHECK(MessageOf(ValidateResources(resources, "")) ==
        "cpu.idle: 2 is not from 0 to 1");
}

}  // namespace
}  // namespace sysbox::oci
