#include "sysbox/oci/validate.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/oci/default_spec.h"

namespace sysbox::oci {
namespace {

using Change = std::function<void(Spec&)>;

std::string ErrorAfter(const Change& change) {
  Spec spec = DefaultSpec({.capabilities = {"CAP_CHOWN"}, .id_map = {}});
  change(spec);
  return std::string(MessageOf(ValidateSpec(spec)));
}

struct Case {
  Change change;
  std::string_view error;
};

void CheckCases(const std::vector<Case>& cases) {
  for (const Case& c : cases) CHECK(ErrorAfter(c.change) == c.error);
}

TEST_CASE("the default spec is valid") {
  CHECK(ErrorAfter([](Spec&) {}) == "");
}

TEST_CASE("only versions 1.x are taken") {
  for (const char* version :
       {"1.0.0", "1.0.2-dev", "1.1.0+dev", "1.2.3-rc.1"}) {
    CHECK(ErrorAfter([&](Spec& s) { s.oci_version = version; }) == "");
  }
  for (const char* version :
       {"", "1", "1.0", "1.0.", "v1.0.0", "1.0.0.0", "1..0", "1.0.0-", "a.b.c",
        "1.0.0-\n", "-1.0.0"}) {
    INFO(version);
    CHECK(ErrorAfter([&](Spec& s) {
            s.oci_version = version;
          }).ends_with("is not a version"));
  }
  CHECK(ErrorAfter([](Spec& s) { s.oci_version = "2.0.0"; }) ==
        "ociVersion: \"2.0.0\" is not supported, only 1.x is");
}

TEST_CASE("each error at the top level names its field") {
  CheckCases({
      {[](Spec& s) { s.root.reset(); }, "root: missing"},
      {[](Spec& s) { s.root->path = ""; }, "root.path: empty"},
      {[](Spec& s) { s.process.reset(); }, "process: missing"},
      {[](Spec& s) { s.linux.reset(); }, "linux: missing"},
      {[](Spec& s) { s.hostname = std::string(65, 'x'); },
       "hostname: 65 bytes, more than 64"},
      {[](Spec& s) {
         std::erase_if(s.linux->namespaces,
                       [](auto& n) { return n.type == "uts"; });
       },
       "hostname: needs a uts namespace in linux.namespaces"},
      {[](Spec& s) { s.annotations[""] = "x"; }, "annotations: empty key"},
  });
}

TEST_CASE("each error of a mount names its field") {
  auto with = [](Mount mount) {
    return [mount](Spec& s) { s.mounts = {mount}; };
  };
  Mount good;
  good.destination = "/a";
  good.type = "bind";
  good.source = "/b";
  good.options = {"rbind"};
  CHECK(ErrorAfter(with(good)) == "");
  auto changed = [&](const std::function<void(Mount&)>& change) {
    Mount mount = good;
    change(mount);
    return ErrorAfter(with(mount));
  };
  CHECK(changed([](Mount& m) { m.destination = "a"; }) ==
        "mounts[0].destination: \"a\" is not an absolute path");
  CHECK(changed([](Mount& m) { m.source = ""; }) ==
        "mounts[0].source: missing");
  CHECK(changed([](Mount& m) { m.options = {}; }) == "");
  CHECK(changed([](Mount& m) { m.type = ""; }) == "");
  CHECK(changed([](Mount& m) {
          m.type = "";
          m.options = {"ro"};
        }) == "mounts[0].type: missing");
  CHECK(changed([](Mount& m) {
          m.uid_mappings = {{0, 1, 1}};
        }) == "mounts[0].gidMappings: missing");
  CHECK(changed([](Mount& m) {
          m.type = "tmpfs";
          m.options = {};
          m.uid_mappings = m.gid_mappings = {{0, 1, 1}};
        }) == "mounts[0].uidMappings: only for bind mounts");
}

TEST_CASE("each error of a hook names its field") {
  auto with = [](Hook hook) {
    return [hook](Spec& s) { s.hooks.emplace().poststop = {{}, hook}; };
  };
  CheckCases({
      {[](Spec& s) {
         s.hooks.emplace().prestart = {
             {.path = "/a", .args = {}, .env = {}, .timeout = 1}};
       },
       ""},
      {with({}), "hooks.poststop[0].path: \"\" is not an absolute path"},
      {[](Spec& s) {
         s.hooks.emplace().create_runtime = {
             {.path = "a", .args = {}, .env = {}, .timeout = {}}};
       },
       "hooks.createRuntime[0].path: \"a\" is not an absolute path"},
      {[](Spec& s) {
         s.hooks.emplace().start_container = {
             {.path = "/a", .args = {}, .env = {}, .timeout = 0}};
       },
       "hooks.startContainer[0].timeout: 0 is not more than 0"},
      {[](Spec& s) {
         s.hooks.emplace().poststart = {
             {.path = "/a", .args = {}, .env = {"x"}, .timeout = {}}};
       },
       "hooks.poststart[0].env[0]: \"x\" is not of the form NAME=value"},
  });
}

TEST_CASE("what runc only warns of is put right, and told") {
  Spec spec =
      DefaultSpec({.capabilities = {"CAP_CHOWN", "CAP_FROB"}, .id_map = {}});
  spec.mounts[1].destination = "dev";
  CHECK(NormalizeSpec(spec) ==
        std::vector<std::string>{
            "mounts[1].destination: \"dev\" is not an absolute path, taken "
            "from \"/\"",
            "process.capabilities: ignoring unknown capability \"CAP_FROB\""});
  CHECK(spec.mounts[1].destination == "/dev");
  CHECK(spec.process->capabilities->ambient ==
        std::vector<std::string>{"CAP_CHOWN"});
  CHECK(ValidateSpec(spec).ok());
  CHECK(NormalizeSpec(spec).empty());
}

TEST_CASE("values in errors are on one line") {
  CHECK(ErrorAfter([](Spec& s) { s.process->cwd = "a\n\"b\x1b[0m"; }) ==
        "process.cwd: \"a?\\\"b?[0m\" is not an absolute path");
}

}  // namespace
}  // namespace sysbox::oci
