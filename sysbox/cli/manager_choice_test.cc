#include "sysbox/cli/manager_choice.h"

#include <string>
#include <utility>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::cli {
namespace {

TEST_CASE("a command that needs the daemon says how to start it") {
  testing::TempDir dir;
  RuntimeOptions options;
  options.manager_socket = dir / "sysbox.sock";
  auto manager = ChooseManager(options, WithoutDaemon::kFail);
  api::Registration registration;
  registration.id = "web";
  absl::Status status = manager->Register(std::move(registration)).status();
  CHECK(absl::IsUnavailable(status));
  const std::string text(status.message());
  INFO(text);
  CHECK(text.find("sysbox daemon") != std::string::npos);
  CHECK(text.find('\n') == std::string::npos);
}

TEST_CASE("without a manager nobody is asked, and ids are fixed") {
  RuntimeOptions options;
  options.manager_socket = "/nonexistent";
  options.no_manager = true;
  auto manager = ChooseManager(options, WithoutDaemon::kFail);
  api::Registration registration;
  registration.id = "web";
  api::Registered registered =
      VALUE_OF(manager->Register(std::move(registration)));
  CHECK(registered.maps.uids.ToHost(0) == 231072u);
  CHECK_OK(manager->Unregister("web"));
}

}  // namespace
}  // namespace sysbox::cli
