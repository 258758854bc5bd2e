#include "sysbox/cli/docker_config.h"

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cli {
namespace {

constexpr char kPath[] = "/usr/bin/sysbox-runc";

TEST_CASE("an absent or empty configuration gets the runtime alone") {
  constexpr char kExpected[] = R"({
    "runtimes": {
        "sysbox-runc": {
            "path": "/usr/bin/sysbox-runc"
        }
    }
}
)";
  CHECK(VALUE_OF(AddRuntime("", kPath)) == kExpected);
  CHECK(VALUE_OF(AddRuntime(" \n", kPath)) == kExpected);
  CHECK(VALUE_OF(AddRuntime("{}", kPath)) == kExpected);
}

TEST_CASE("everything else in the configuration stays, and comes back") {
  constexpr char kBefore[] = R"({
  "data-root": "/srv/docker",
  "runtimes": {
    "crun": {
      "path": "/usr/bin/crun"
    }
  },
  "log-opts": {
    "max-size": "10m"
  }
}
)";
  constexpr char kAfter[] = R"({
  "data-root": "/srv/docker",
  "runtimes": {
    "crun": {
      "path": "/usr/bin/crun"
    },
    "sysbox-runc": {
      "path": "/usr/bin/sysbox-runc"
    }
  },
  "log-opts": {
    "max-size": "10m"
  }
}
)";
  CHECK(VALUE_OF(AddRuntime(kBefore, kPath)) == kAfter);
  CHECK(VALUE_OF(AddRuntime(kAfter, kPath)) == kAfter);
  CHECK(VALUE_OF(RemoveRuntime(kAfter)) == kBefore);
  CHECK(VALUE_OF(RemoveRuntime(kBefore)) == kBefore);
  const std::string alone = VALUE_OF(AddRuntime("{}", "/bin/s"));
  CHECK(VALUE_OF(RemoveRuntime(alone)).find("runtimes") == std::string::npos);
  const std::string emptied =
      VALUE_OF(RemoveRuntime(alone, EmptyRuntimes::kKept));
  CHECK(emptied.find("\"runtimes\": {}") != std::string::npos);
}

TEST_CASE("a text that needs no change is not reformatted") {
  constexpr char kText[] =
      R"({"runtimes":{"sysbox-runc":{"path":"/usr/bin/sysbox-runc"}}})";
  CHECK(VALUE_OF(AddRuntime(kText, kPath)) == kText);
}

TEST_CASE("another path is replaced, runtime arguments are kept") {
  std::string text = VALUE_OF(AddRuntime(
      R"({"runtimes":{"sysbox-runc":{"path":"/old","runtimeArgs":["--debug"]}}})",
      kPath));
  CHECK(text.find("\"/usr/bin/sysbox-runc\"") != std::string::npos);
  CHECK(text.find("--debug") != std::string::npos);
  CHECK(text.find("/old") == std::string::npos);
}

TEST_CASE("the only runtime goes with the object that held it") {
  CHECK(VALUE_OF(RemoveRuntime(VALUE_OF(AddRuntime(
            R"({"debug":true})", kPath)))) == "{\n    \"debug\": true\n}\n");
}

TEST_CASE("the default runtime is not taken away") {
  CHECK(RemoveRuntime(
            R"({"default-runtime":"sysbox-runc",)"
            R"("runtimes":{"sysbox-runc":{"path":"/usr/bin/sysbox-runc"}}})")
            .status()
            .message() ==
        "sysbox-runc is the default-runtime; choose another one first");
}

TEST_CASE("what is not a configuration is refused, not replaced") {
  for (const char* text : {"[]", "{", "{\"runtimes\": 5}", "nope"}) {
    INFO(text);
    CHECK_FALSE(AddRuntime(text, kPath).ok());
  }
}

}  // namespace
}  // namespace sysbox::cli
