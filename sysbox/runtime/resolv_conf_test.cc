#include "sysbox/runtime/resolv_conf.h"

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::runtime {
namespace {

constexpr char kText[] = "search x\nnameserver 127.0.0.11\noptions ndots:0\n";

TEST_CASE("the name server is replaced and all else kept") {
  CHECK(ReplaceNameserver(kText, "127.0.0.11", "192.0.0.53") ==
        "search x\nnameserver 192.0.0.53\noptions ndots:0\n");
  for (const char* other :
       {"", "nameserver 127.0.0.1", "#nameserver 127.0.0.11",
        "nameserver 127.0.0.111\n", "nameservers 127.0.0.11"}) {
    CHECK(ReplaceNameserver(other, "127.0.0.11", "x") == other);
  }
}

class Aliasing : public api::Manager {
 public:
  absl::StatusOr<api::Registered> Register(api::Registration) override {
    return absl::UnimplementedError("");
  }
  absl::Status Activate(const std::string&, const Pidfd&) override {
    return absl::OkStatus();
  }
  absl::Status Listen(const std::string&, FdRef) override {
    return absl::OkStatus();
  }
  absl::Status Unregister(const std::string&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<api::ContainerSummary>> List() override {
    return std::vector<api::ContainerSummary>();
  }
  absl::StatusOr<std::string> AliasDns(const std::string&) override {
    ++asked;
    return std::string("192.0.0.53");
  }
  int asked = 0;
};

std::string After(const std::string& path, const std::string& text,
                  bool regular = false) {
  CHECK_OK(ReplaceFile(path, text, 0644));
  oci::StateFile state;
  state.cgroup.delegate = !regular;
  oci::Mount mount;
  mount.destination = "/etc/resolv.conf";
  mount.source = path;
  state.config.mounts = {mount};
  Aliasing manager;
  AliasDns(state, manager);
  const std::string result = VALUE_OF(ReadFile(path));
  CHECK((result != text) == (manager.asked == 1));
  return result;
}

TEST_CASE("only Docker's own file of a container is rewritten") {
  testing::TempDir dir;
  const std::string docker = dir / std::string(64, 'a');
  CHECK_OK(MakeDirectory(docker, 0755));
  CHECK(After(docker + "/resolv.conf", kText) ==
        "search x\nnameserver 192.0.0.53\noptions ndots:0\n");
  CHECK(After(docker + "/resolv.conf", kText, true) == kText);
  CHECK(After(docker + "/resolv.conf", "nameserver 8.8.8.8\n") ==
        "nameserver 8.8.8.8\n");
  CHECK(After(dir / "resolv.conf", kText) == kText);
}

}  // namespace
}  // namespace sysbox::runtime
