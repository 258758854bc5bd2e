#include "sysbox/oci/state.h"

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/oci/default_spec.h"

namespace sysbox::oci {
namespace {

TEST_CASE("hooks get the state of runtime.md") {
  HookState state;
  state.id = "web";
  state.bundle = "/b";
  CHECK(WriteHookState(state) ==
        R"({"ociVersion":"1.1.0","id":"web","status":"creating",)"
        R"("bundle":"/b"})");
  state.status = ContainerStatus::kCreated;
  state.pid = 42;
  state.annotations["k"] = "v";
  CHECK(WriteHookState(state) ==
        R"({"ociVersion":"1.1.0","id":"web","status":"created","pid":42,)"
        R"("bundle":"/b","annotations":{"k":"v"}})");
  auto parsed = ParseHookState(WriteHookState(state));
  REQUIRE(parsed.ok());
  CHECK(parsed->status == ContainerStatus::kCreated);
}

ContainerSummary Summary() {
  ContainerSummary summary;
  summary.id = "web";
  summary.pid = 42;
  summary.status = ContainerStatus::kPaused;
  summary.bundle = "/b";
  summary.rootfs = "/b/rootfs";
  summary.created = "2024-03-01T09:30:00.123456789Z";
  summary.owner = "root";
  return summary;
}

TEST_CASE("state prints runc's fields in runc's order") {
  ContainerSummary summary = Summary();
  CHECK(WriteSummary(summary) == R"({
  "ociVersion": "1.1.0",
  "id": "web",
  "pid": 42,
  "status": "paused",
  "bundle": "/b",
  "rootfs": "/b/rootfs",
  "created": "2024-03-01T09:30:00.123456789Z",
  "owner": "root"
})");
  summary.annotations["k"] = "v";
  CHECK(WriteSummary(summary).find(R"(Z",
  "annotations": {
    "k": "v"
  },
  "owner": "root")") != std::string::npos);
}

TEST_CASE("list prints one compact array, empty without containers") {
  CHECK(WriteSummaries({}) == "[]");
  std::string one = WriteSummaries({Summary()});
  CHECK(one.starts_with(R"([{"ociVersion":"1.1.0","id":"web","pid":42,)"));
  CHECK(one.find('\n') == one.npos);
}

StateFile Sample() {
  StateFile state;
  state.sysbox_version = "1.0";
  state.id = "web";
  state.init_pid = 42;
  state.init_start = 12345678901;
  state.created = "2024-03-01T09:30:00.123456789Z";
  state.owner = "root";
  state.bundle = "/b";
  state.rootfs = "/b/rootfs";
  state.terminal = true;
  state.uses_manager = true;
  state.cgroup = {.driver = CgroupDriver::kSystemd,
                  .cgroups_path = "system.slice:docker:web",
                  .owner_uid = 300000,
                  .owner_gid = 300000,
                  .delegate = false};
  state.cgroup_paths = {{"", "/sys/fs/cgroup/x"}, {"pids", "/p"}};
  state.namespace_paths = {{"NEWNET", "/proc/42/ns/net"}};
  state.uid_mappings = {{0, 300000, 65536}};
  state.gid_mappings = {{0, 300000, 65536}};
  state.config = DefaultSpec({.capabilities = {}, .id_map = {}});
  return state;
}

TEST_CASE("our own state file reads back as it was written") {
  std::string text = WriteStateFile(Sample());
  auto state = ParseStateFile(text);
  REQUIRE(state.ok());
  CHECK(WriteStateFile(*state) == text);
  CHECK(state->init_start == 12345678901);
  CHECK(state->cgroup.driver == CgroupDriver::kSystemd);
  CHECK_FALSE(state->cgroup.delegate);
  CHECK(state->cgroup_paths.at("") == "/sys/fs/cgroup/x");
  CHECK(state->config.hostname == "syscont");
  CHECK(
      text.find(R"("init_process_pid":42,"init_process_start":12345678901)") !=
      text.npos);
}

TEST_CASE("a state file of an older version is read, and stays what it is") {
  StateFile state = Sample();
  state.format = 1;
  auto read = ParseStateFile(WriteStateFile(state));
  REQUIRE(read.ok());
  CHECK(read->format == 1);
}

TEST_CASE("a state file of a newer layout, or a broken one, is refused") {
  StateFile state = Sample();
  state.format = 3;
  CHECK(MessageOf(ParseStateFile(WriteStateFile(state)).status()) ==
        "format: 3, but this version reads 1 to 2");
  state.format = 0;
  CHECK_FALSE(ParseStateFile(WriteStateFile(state)).ok());
  state = Sample();
  state.init_pid = -1;
  CHECK(MessageOf(ParseStateFile(WriteStateFile(state)).status()) ==
        "init_process_pid: -1 is no process id");
  CHECK(MessageOf(ParseStateFile("{\"format\":1}").status()) ==
        "oci_version: missing");
  std::string text = WriteStateFile(Sample());
  CHECK_FALSE(ParseStateFile(text.substr(0, text.size() / 2)).ok());
}

}  // namespace
}  // namespace sysbox::oci
