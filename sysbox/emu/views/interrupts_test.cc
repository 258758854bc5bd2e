#include "sysbox/emu/views/interrupts.h"

#include "catch2/catch.hpp"

namespace sysbox::emu::views {
namespace {

TEST_CASE("interrupts are those of the container's CPUs: none") {
  CHECK(InterruptsText(2) ==
        "           CPU0       CPU1       \n"
        "ERR:          0\n"
        "MIS:          0\n");
}

TEST_CASE("softirqs have a column for each CPU") {
  const std::string text = SoftirqsText(2);
  CHECK(text.substr(0, text.find("\n       TIMER")) ==
        "                    CPU0       CPU1       \n"
        "          HI:          0          0");
  CHECK(text.substr(text.rfind(" RCU")) == " RCU:          0          0\n");
}

}  // namespace
}  // namespace sysbox::emu::views
