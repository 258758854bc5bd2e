#include "sysbox/cli/box_spec.h"

#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cli {
namespace {

std::optional<std::string> FakeEnvironment(const std::string& name) {
  if (name == "TERM") return "vt220";
  if (name == "LANG") return "C";
  return std::nullopt;
}

BoxOptions Options() {
  BoxOptions options;
  options.name = "web";
  options.rootfs = "/srv/debian";
  return options;
}

oci::Spec Spec(const BoxOptions& options) {
  return VALUE_OF(BoxSpec(options, FakeEnvironment));
}

bool Contains(const std::vector<std::string>& list, const std::string& item) {
  for (const std::string& entry : list) {
    if (entry == item) return true;
  }
  return false;
}

TEST_CASE("a box is a shell in the directory, named after the container") {
  oci::Spec spec = Spec(Options());
  CHECK(spec.root->path == "/srv/debian");
  CHECK_FALSE(spec.root->readonly);
  CHECK(spec.hostname == "web");
  CHECK(spec.process->args == std::vector<std::string>{"sh"});
  CHECK_FALSE(spec.process->terminal);
  CHECK_FALSE(spec.process->no_new_privileges);
  bool own_network = false;
  for (const oci::Namespace& entry : spec.linux->namespaces) {
    own_network = own_network || entry.type == "network";
    CHECK(entry.path.empty());
  }
  CHECK(own_network);
}

TEST_CASE("flags reach the process") {
  BoxOptions options = Options();
  options.hostname = "db";
  options.args = {"ls", "-l"};
  options.cwd = "/tmp";
  options.user = "5:6";
  oci::Spec spec = Spec(options);
  CHECK(spec.hostname == "db");
  CHECK(spec.process->args == std::vector<std::string>{"ls", "-l"});
  CHECK(spec.process->cwd == "/tmp");
  CHECK(spec.process->user.uid == 5);
  CHECK(spec.process->user.gid == 6);
}

TEST_CASE("variables are set, replaced, or passed on if they exist") {
  BoxOptions options = Options();
  options.terminal = true;
  options.env = {"PATH=/bin", "LANG", "ABSENT", "A=b=c"};
  const std::vector<std::string> env = Spec(options).process->env;
  CHECK(env ==
        std::vector<std::string>{"PATH=/bin", "TERM=vt220", "LANG=C", "A=b=c"});
}

TEST_CASE("a volume is a bind mount") {
  BoxOptions options = Options();
  options.volumes = {"/srv:/data", "/etc:/host:ro"};
  oci::Spec spec = Spec(options);
  const oci::Mount& second = spec.mounts.back();
  CHECK(second.type == "bind");
  CHECK(second.source == "/etc");
  CHECK(second.destination == "/host");
  CHECK(Contains(second.options, "ro"));
  const oci::Mount& first = spec.mounts[spec.mounts.size() - 2];
  CHECK(first.destination == "/data");
  CHECK_FALSE(Contains(first.options, "ro"));
}

TEST_CASE("a volume of another shape is refused") {
  for (const char* text :
       {"", "/a", "a:/b", "/a:b", "/a:/b:rx", "/a:/b:ro:x", "::"}) {
    INFO(text);
    BoxOptions options = Options();
    options.volumes = {text};
    CHECK(BoxSpec(options, FakeEnvironment).status().message() ==
          "--volume \"" + std::string(text) +
              "\": expected SRC:DST[:ro] with absolute paths");
  }
}

}  // namespace
}  // namespace sysbox::cli
