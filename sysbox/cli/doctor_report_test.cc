#include "sysbox/cli/doctor_report.h"

#include "catch2/catch.hpp"

namespace sysbox::cli {
namespace {

DoctorReport Example() {
  return {.version = "1.2",
          .kernel = "6.1.0",
          .findings = {
              {"user namespaces", Ok("65536 ids map")},
              {"docker",
               {Health::kLimited, "no dockerd", "only `sysbox run` works",
                "apt-get install docker.io"}},
              {"space", {Health::kUnknown, "no such directory", "", ""}},
          }};
}

TEST_CASE("a line per check, and what is wrong says what mends it") {
  CHECK(DoctorText(Example()) == R"(sysbox 1.2 on Linux 6.1.0

ok       user namespaces          65536 ids map
limited  docker                   no dockerd
         -> only `sysbox run` works
            fix: apt-get install docker.io
unknown  space                    no such directory

System containers can run here, 1 limited.
)");
}

TEST_CASE("only what is missing keeps containers from running") {
  DoctorReport report = Example();
  CHECK(ContainersCanRun(report));
  report.findings[0].finding.health = Health::kMissing;
  CHECK_FALSE(ContainersCanRun(report));
  CHECK(DoctorText(report).find("cannot run here: 1 missing.") !=
        std::string::npos);
}

TEST_CASE("JSON says the same") {
  DoctorReport report = Example();
  report.findings.erase(report.findings.begin(), report.findings.begin() + 2);
  CHECK(DoctorJson(report) == R"({
    "version": "1.2",
    "kernel": "6.1.0",
    "canRun": true,
    "checks": [
        {
            "name": "space",
            "health": "unknown",
            "found": "no such directory",
            "meaning": "",
            "fix": ""
        }
    ]
}
)");
}

}  // namespace
}  // namespace sysbox::cli
