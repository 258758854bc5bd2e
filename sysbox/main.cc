// Picks the applet by argv[0], else by argv[1].

#include <string>
#include <vector>

#include "sysbox/cli/sysbox_program.h"

int main(int argc, char** argv) {
  return sysbox::cli::RunSysbox(std::vector<std::string>(argv, argv + argc));
}
