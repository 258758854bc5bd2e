#include "sysbox/cli/version_text.h"

#include <string_view>

#include "fmt/format.h"
#include "sysbox/build_info.h"
#include "sysbox/cli/kernel_features_text.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cli {
namespace {

std::string CommonText(std::string_view program) {
  return fmt::format("{} version {}\ncommit: {}\nspec: {}\n", program, kVersion,
                     GitCommit(), oci::kOciVersion);
}

}  // namespace

std::string RuntimeVersionText() { return CommonText("sysbox-runc"); }

std::string SysboxVersionText() {
  return CommonText("sysbox") + KernelFeaturesText();
}

}  // namespace sysbox::cli
