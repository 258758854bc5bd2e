#include "sysbox/registry/container_registry.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/registry/short_id.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::registry {
namespace {

using testing::TempDir;

const IdMaps kMaps = {MapOnto({100000, 65536}), MapOnto({200000, 65536})};

TEST_CASE("a container is found from its registration to its end") {
  TempDir dir;
  auto registry = VALUE_OF(ContainerRegistry::Open(dir / "values"));
  CHECK(registry->Find("web") == nullptr);
  CHECK(absl::IsNotFound(registry->Activate("web", getpid())));
  auto container = VALUE_OF(registry->Add("web", kMaps));
  CHECK(registry->Find("web") == container);
  CHECK(container->root_uid() == 100000);
  CHECK(container->root_gid() == 200000);
  CHECK(container->init().pid == 0);
  REQUIRE_OK(registry->Activate("web", getpid()));
  CHECK(container->init().pid == getpid());
  CHECK(container->init().started_ns > 0);
  CHECK(container->init().user_namespace.inode != 0);
  REQUIRE_OK(container->values().Set("/a", "1"));
  CHECK(Exists(dir / "values/web"));
  REQUIRE_OK(registry->Remove("web"));
  CHECK(registry->Find("web") == nullptr);
  CHECK_FALSE(Exists(dir / "values/web"));
  REQUIRE_OK(registry->Remove("web"));
  CHECK(container->values().Get("/a") == "1");  // who still holds it
}

TEST_CASE("ids may be as long as file names, and differ at their ends") {
  TempDir dir;
  const std::string begins(254, 'x');
  {
    auto registry = VALUE_OF(ContainerRegistry::Open(dir / "values"));
    for (const char* end : {"a", "b", "c"}) {
      auto container = VALUE_OF(registry->Add(begins + end, kMaps));
      REQUIRE_OK(container->values().Set("/a", end));
    }
  }
  auto registry = VALUE_OF(ContainerRegistry::Open(dir / "values"));
  for (const char* end : {"a", "b"}) {
    auto container = VALUE_OF(registry->Adopt(begins + end, kMaps, getpid()));
    CHECK(container->values().Get("/a") == end);
  }
  REQUIRE_OK(registry->RemoveStrayValues());
  CHECK(VALUE_OF(ListDirectory(VALUE_OF(
                     Open(dir / "values", {.flags = O_RDONLY | O_DIRECTORY}))))
            .size() == 2);
  REQUIRE_OK(registry->Remove(begins + "a"));
  CHECK(ShortId("web") == "web");
  CHECK(ShortId(begins).size() < 110);
}

TEST_CASE("values are an adopted container's, and not a new one's") {
  TempDir dir;
  {
    auto registry = VALUE_OF(ContainerRegistry::Open(dir / "values"));
    for (const char* id : {"old", "new", "gone"}) {
      auto container = VALUE_OF(registry->Add(id, kMaps));
      REQUIRE_OK(container->values().Set("/a", "1"));
    }
  }
  auto registry = VALUE_OF(ContainerRegistry::Open(dir / "values"));
  auto old = VALUE_OF(registry->Adopt("old", kMaps, getpid()));
  CHECK(old->values().Get("/a") == "1");
  CHECK(old->init().pid == getpid());
  auto fresh = VALUE_OF(registry->Add("new", kMaps));
  CHECK_FALSE(fresh->values().Get("/a").has_value());
  // As a value that is just being stored.
  REQUIRE_OK(ReplaceVolatileFile(dir / "values/.old.1", "", 0600));
  REQUIRE_OK(registry->RemoveStrayValues());
  CHECK(Exists(dir / "values/.old.1"));
  CHECK_FALSE(Exists(dir / "values/gone"));
  CHECK(Exists(dir / "values/old"));
  CHECK(registry->All().size() == 2);
}

}  // namespace
}  // namespace sysbox::registry
