#include "sysbox/oci/features.h"

#include <algorithm>
#include <string>

#include "catch2/catch.hpp"

namespace sysbox::oci {
namespace {

TEST_CASE("features are written with the spec's names") {
  Features features;
  features.hooks = {"prestart"};
  features.mount_options = {"ro"};
  LinuxFeatures& linux = features.linux.emplace();
  linux.namespaces = {"pid"};
  linux.capabilities = {"CAP_CHOWN"};
  linux.cgroup = {true, false, true, false, {}};
  linux.seccomp = {true,
                   {"SCMP_ACT_ALLOW"},
                   {"SCMP_CMP_EQ"},
                   {"SCMP_ARCH_X86_64"},
                   {"SECCOMP_FILTER_FLAG_LOG"},
                   {"SECCOMP_FILTER_FLAG_LOG"}};
  linux.apparmor = {false};
  linux.mount_extensions.emplace().id_map.emplace().enabled = true;
  features.annotations = {{"a.b", "c"}};
  CHECK(WriteFeatures(features) == R"({
    "ociVersionMin": "1.0.0",
    "ociVersionMax": "1.1.0",
    "hooks": [
        "prestart"
    ],
    "mountOptions": [
        "ro"
    ],
    "linux": {
        "namespaces": [
            "pid"
        ],
        "capabilities": [
            "CAP_CHOWN"
        ],
        "cgroup": {
            "v1": true,
            "v2": false,
            "systemd": true,
            "systemdUser": false
        },
        "seccomp": {
            "enabled": true,
            "actions": [
                "SCMP_ACT_ALLOW"
            ],
            "operators": [
                "SCMP_CMP_EQ"
            ],
            "archs": [
                "SCMP_ARCH_X86_64"
            ],
            "knownFlags": [
                "SECCOMP_FILTER_FLAG_LOG"
            ],
            "supportedFlags": [
                "SECCOMP_FILTER_FLAG_LOG"
            ]
        },
        "apparmor": {
            "enabled": false
        },
        "mountExtensions": {
            "idmap": {
                "enabled": true
            }
        }
    },
    "annotations": {
        "a.b": "c"
    }
})");
}

TEST_CASE("the tables of this package tell hooks, options, namespaces") {
  Features features = BaseFeatures();
  CHECK(features.hooks ==
        std::vector<std::string>{"prestart", "createRuntime", "createContainer",
                                 "startContainer", "poststart", "poststop"});
  CHECK(std::count(features.mount_options.begin(), features.mount_options.end(),
                   "ridmap") == 1);
  CHECK(features.linux->namespaces.size() == 8);
  CHECK(features.linux->capabilities.at(21) == "CAP_SYS_ADMIN");
}

}  // namespace
}  // namespace sysbox::oci
