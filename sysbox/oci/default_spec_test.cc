#include "sysbox/oci/default_spec.h"

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/oci/spec_json.h"
#include "sysbox/oci/validate.h"

namespace sysbox::oci {
namespace {

TEST_CASE("the template is a valid system container") {
  Spec spec = DefaultSpec({.capabilities = {"CAP_CHOWN"}, .id_map = {}});
  CHECK(ValidateSpec(spec).ok());
  std::string text = WriteSpec(spec);
  CHECK(text.starts_with(R"({
	"ociVersion": "1.1.0",
	"process": {
		"terminal": true,
		"user": {
			"uid": 0,
			"gid": 0
		},
		"args": [
			"sh"
		],
)"));
  CHECK(text.find(R"(
	"root": {
		"path": "rootfs"
	},
	"hostname": "syscont",
)") != text.npos);
  CHECK(text.find(R"(
			{
				"type": "mount"
			},
			{
				"type": "cgroup"
			}
		],
		"maskedPaths": [
)") != text.npos);
  CHECK(text.find("uidMappings") == text.npos);
}

TEST_CASE("an id map asks for a user namespace") {
  auto id_map = ParseIdMapArgument("100000 200000 65536");
  REQUIRE(id_map.ok());
  Spec spec = DefaultSpec({.capabilities = {}, .id_map = *id_map});
  CHECK(ValidateSpec(spec).ok());
  CHECK(spec.linux->namespaces.back().type == "user");
  CHECK(spec.linux->uid_mappings.at(0).host_id == 100000);
  CHECK(spec.linux->gid_mappings.at(0).host_id == 200000);
  CHECK(spec.linux->gid_mappings.at(0).size == 65536);
}

TEST_CASE("an id map is three numbers within the ids there are") {
  auto error = [](std::string_view text) {
    return std::string(MessageOf(ParseIdMapArgument(text).status()));
  };
  CHECK(error("  1 2   65536 ") == "");
  CHECK(error("4294901759 0 65536") == "");
  for (const char* text : {"", "1 2", "1 2 65536 4", "a 2 65536", "-1 2 65536",
                           "1 2 4294967296", "1,2,65536"}) {
    INFO(text);
    CHECK(error(text).ends_with("expected \"UID GID SIZE\""));
  }
  CHECK(error("1 2 65535") ==
        "id map \"1 2 65535\": the size must be at least 65536");
  CHECK(error("0 4294901760 65536") ==
        "id map \"0 4294901760 65536\": goes beyond id 4294967294");
}

}  // namespace
}  // namespace sysbox::oci
