#include "sysbox/mounts/overlay_options.h"

#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox::mounts {
namespace {

std::string ToText(const OverlayOptions& options) {
  std::string text;
  for (const auto& layer : options.lower) text += "lower " + layer + "\n";
  for (const auto& layer : options.data_lower) text += "data " + layer + "\n";
  text += fmt::format("upper {}\nwork {}\n", options.upper, options.work);
  for (const FilesystemOption& option : options.kept) {
    text += fmt::format("option {}={}\n", option.key, option.value);
  }
  return text;
}

std::string Parse(std::string_view text) {
  const auto options = ParseOverlayOptions(text);
  if (!options.ok()) return std::string(MessageOf(options.status()));
  return ToText(*options);
}

TEST_CASE("docker's overlay2 options are taken apart") {
  CHECK(Parse("rw,lowerdir=/d/l/A:/d/l/B,upperdir=/d/id/diff,workdir=/d/id/"
              "work,index=on,nfs_export=on,metacopy=on,volatile") ==
        R"(lower /d/l/A
lower /d/l/B
upper /d/id/diff
work /d/id/work
option metacopy=on
option volatile=
option index=off
)");
}

TEST_CASE("colons, commas and backslashes in paths survive both escapes") {
  CHECK(Parse(R"(rw,lowerdir=/a\134:b:/c\054d:/e\134\134f,)"
              R"(upperdir=/u\134,v,workdir=/w\040x)") ==
        R"(lower /a:b
lower /c,d
lower /e\f
upper /u\
work /w x
option index=off
)");
}

TEST_CASE("data-only layers come after a double colon") {
  CHECK(Parse("ro,lowerdir=/a:/b::/c::/d,redirect_dir=follow") ==
        R"(lower /a
lower /b
data /c
data /d
upper 
work 
option redirect_dir=follow
option index=off
)");
}

TEST_CASE("layers that were appended one by one are kept as they are") {
  CHECK(Parse("rw,lowerdir+=/a:x,lowerdir+=/b,datadir+=/c,userxattr") ==
        R"(lower /a:x
lower /b
data /c
upper 
work 
option userxattr=
option index=off
)");
}

TEST_CASE("options that make no overlay are refused") {
  CHECK(Parse("rw,size=1m") == "overlay options without lowerdir: rw,size=1m");
  CHECK(Parse("lowerdir=/a,upperdir=/b") ==
        "overlay options with one of upperdir and workdir: "
        "lowerdir=/a,upperdir=/b");
  CHECK_FALSE(ParseOverlayOptions("").ok());
  CHECK_FALSE(ParseOverlayOptions("lowerdir=").ok());
}

}  // namespace
}  // namespace sysbox::mounts
