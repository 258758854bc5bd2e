#include "sysbox/oci/spec_json.h"

#include <fstream>
#include <sstream>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/json/codec.h"
#include "sysbox/oci/spec_fields.h"
#include "sysbox/oci/validate.h"

namespace sysbox::oci {
namespace {

std::string Sample(const std::string& name) {
  std::ifstream file("sysbox/oci/corpus/spec/" + name);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Compact(const std::string& text) {
  auto raw = json::Parse<json::Raw>(text);
  REQUIRE(raw.ok());
  return raw->text;
}

template <typename T>
void CheckNamesIn(const std::string& text) {
  std::apply(
      [&](auto... field) {
        for (std::string_view name : {field.name...}) {
          INFO(name);
          CHECK(text.find("\"" + std::string(name) + "\":") != text.npos);
        }
      },
      json::Fields<T>::kTable);
}

template <typename... T>
void CheckAllNamesIn(const std::string& text) {
  (CheckNamesIn<T>(text), ...);
}

TEST_CASE("what runc's spec command writes comes back byte for byte") {
  std::string text = Sample("runc.json");
  auto spec = ParseSpec(text);
  REQUIRE(spec.ok());
  CHECK(ValidateSpec(*spec).ok());
  CHECK(WriteSpec(*spec) == text);
}

TEST_CASE("a config.json of Docker's is valid and comes back the same") {
  std::string text = Sample("docker.json");
  auto spec = ParseSpec(text);
  REQUIRE(spec.ok());
  CHECK(ValidateSpec(*spec).ok());
  CHECK(Compact(WriteSpec(*spec)) == Compact(text));
  CHECK(spec->process->rlimits.at(0).soft == 512);
  CHECK(spec->hooks->prestart.at(0).args.at(0) == "libnetwork-setkey");
  CHECK(spec->linux->resources->memory->disable_oom_killer == false);
  CHECK(spec->linux->seccomp->syscalls.size() > 10);
}

TEST_CASE("every field there is survives a round trip") {
  std::string text = Sample("all.json");
  auto spec = ParseSpec(text);
  REQUIRE(spec.ok());
  CHECK(MessageOf(ValidateSpec(*spec)) == "");
  CHECK(WriteSpec(*spec) == text);
  // All but personality.flags, for which there are no values.
  CheckAllNamesIn<
      ConsoleSize, User, Capabilities, Rlimit, Scheduler, IoPriority, Process,
      Root, IdMapping, Mount, Hook, Hooks, Namespace, Device, DeviceRule,
      Memory, Cpu, Pids, WeightDevice, ThrottleDevice, BlockIo, HugepageLimit,
      InterfacePriority, NetworkResources, RdmaLimit, Resources, SyscallArg,
      SyscallRule, Seccomp, TimeOffset, IntelRdt, Linux, Spec>(text);
}

TEST_CASE("fields of other platforms and of the future are skipped") {
  auto spec = ParseSpec(
      R"({"ociVersion":"1.0.0","windows":{"x":[1]},"linux":{"netDevices":{}}})");
  REQUIRE(spec.ok());
  CHECK(WriteSpec(*spec) ==
        "{\n\t\"ociVersion\": \"1.0.0\",\n\t\"linux\": {}\n}");
}

TEST_CASE("an error of type names the field") {
  auto error = [](std::string_view text) {
    return std::string(MessageOf(ParseSpec(text).status()));
  };
  CHECK(error("{}") == "ociVersion: missing");
  CHECK(error(R"({"ociVersion":"1.0.0","process":{"args":["a"]}})") ==
        "process.cwd: missing");
  CHECK(error(R"({"ociVersion":"1.0.0","linux":{"namespaces":[
        {"type":"pid"},{"type":3}]}})") ==
        "linux.namespaces[1].type: expected a string, got a number");
  CHECK(error(R"({"ociVersion":"1.0.0","process":{"cwd":"/","user":
        {"uid":4294967296}}})") ==
        "process.user.uid: expected a number from 0 to 4294967295, got "
        "4294967296");
  CHECK(error(R"({"ociVersion":"1.0.0","linux":{"sysctl":
        {"net.ipv4.ip_forward":1}}})") ==
        "linux.sysctl[\"net.ipv4.ip_forward\"]: expected a string, got a "
        "number");
  CHECK(error("{\"ociVersion\": \"1.0.0\",\n  \"linux\": {]\n}") ==
        "line 2, column 13: expected a quoted key");
}

TEST_CASE("processes, resources and hooks are read alone") {
  auto process = ParseProcess(R"({"cwd":"/","args":["true"],"terminal":true})");
  REQUIRE(process.ok());
  CHECK(process->terminal);
  auto resources = ParseResources(R"({"memory":{"limit":-1},"pids":null})");
  REQUIRE(resources.ok());
  CHECK(resources->memory->limit == -1);
  CHECK_FALSE(resources->pids.has_value());
  auto hooks = ParseHookList(R"([{"path":"/a"},{"path":"/b","timeout":3}])");
  REQUIRE(hooks.ok());
  CHECK(hooks->at(1).timeout == 3);
  CHECK(MessageOf(ParseHookList(R"([{"path":"/a"},{}])").status()) ==
        "[1].path: missing");
}

}  // namespace
}  // namespace sysbox::oci
