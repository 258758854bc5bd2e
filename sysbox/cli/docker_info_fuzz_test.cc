// Any bytes as what listens on Docker's socket may answer.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sysbox/cli/docker_info.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)sysbox::cli::ParseDockerAnswer(
      {reinterpret_cast<const char*>(data), size});
  return 0;
}
