// Every verdict of our filters against libseccomp's and against a reading of
// the rules one by one.

#include <linux/seccomp.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/oci/spec_json.h"
#include "sysbox/seccomp/assemble.h"
#include "sysbox/seccomp/bpf_simulator.h"
#include "sysbox/seccomp/filter.h"
#include "sysbox/seccomp/libseccomp_filter.h"
#include "sysbox/seccomp/profile_generator.h"
#include "sysbox/seccomp/syscall_table.h"
#include "sysbox/seccomp/verdict_model.h"

namespace sysbox::seccomp {
namespace {

oci::Seccomp ReadProfile(const std::string& file) {
  std::ifstream stream("sysbox/seccomp/testdata/" + file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto spec = oci::ParseSpec(text);
  INFO(spec.status().ToString());
  REQUIRE(spec.ok());
  return *spec->linux->seccomp;
}

std::vector<uint64_t> Compile(const oci::Seccomp& profile, Family family) {
  const auto filter = BuildFilter(profile, "seccomp", {}, family);
  INFO(filter.status().ToString());
  REQUIRE(filter.ok());
  std::vector<uint64_t> program = AssembleFilter(*filter);
  REQUIRE(WhyInvalid(program) == "");
  return program;
}

std::string Describe(const seccomp_data& data) {
  return fmt::format(
      "arch {:#x} nr {:#x} ({}) args {:#x} {:#x} {:#x} {:#x} "
      "{:#x} {:#x}",
      data.arch, static_cast<uint32_t>(data.nr), data.nr, data.args[0],
      data.args[1], data.args[2], data.args[3], data.args[4], data.args[5]);
}

// Counts verdicts that differ; prints the first one.
template <typename Agrees>
int Differences(const std::vector<seccomp_data>& probes, Agrees agrees) {
  int differences = 0;
  for (const seccomp_data& data : probes) {
    if (agrees(data)) continue;
    if (++differences == 1)
      UNSCOPED_INFO("first difference: " << Describe(data));
  }
  return differences;
}

int DifferencesFromModel(const oci::Seccomp& profile, Family family,
                         const std::vector<uint64_t>& program) {
  const VerdictModel model(profile, family);
  return Differences(Probes(profile), [&](const seccomp_data& data) {
    return model.PossibleActions(data).count(Simulate(program, data)) != 0;
  });
}

int DifferencesFromLibseccomp(const oci::Seccomp& profile,
                              const LibseccompFilter& theirs,
                              const std::vector<uint64_t>& program) {
  return Differences(Probes(profile), [&](const seccomp_data& data) {
    return theirs.Verdict(data) == Simulate(program, data);
  });
}

std::vector<uint8_t> RandomBytes(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(4096);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

// Calls libseccomp knows. Those 32-bit x86 multiplexes are left out on
// request: where they come first, libseccomp 2.5.4 forgets to load the number.
std::vector<std::string> CallNames(bool multiplexed) {
  std::vector<std::string> names;
  for (const SyscallRow& row : AllSyscalls()) {
    if (row.number[kX8664] > 450) continue;
    if (!multiplexed && row.x86_multiplexer >= 0) continue;
    names.emplace_back(row.name);
  }
  return names;
}

TEST_CASE("Docker's profile has libseccomp's verdicts") {
  const std::string file =
      GENERATE("docker_20_10.json", "docker_20_10_all_caps.json");
  CAPTURE(file);
  const oci::Seccomp profile = ReadProfile(file);
  const auto program = Compile(profile, kX86Family);
  const auto theirs = LibseccompFilter::Build(profile, kX86Family);
  REQUIRE(theirs.has_value());
  CHECK(DifferencesFromLibseccomp(profile, *theirs, program) == 0);
  CHECK(DifferencesFromModel(profile, kX86Family, program) == 0);
  CHECK(program.size() < 400);
  UNSCOPED_INFO(program.size()
                << " instructions, libseccomp's " << theirs->program().size());
  CHECK(program.size() < theirs->program().size() / 2);
}

TEST_CASE("Docker's profile has libseccomp's verdicts without x32 and on ARM") {
  oci::Seccomp profile = ReadProfile("docker_20_10.json");
  const bool arm = GENERATE(false, true);
  const Family family = arm ? Family(kArmFamily) : Family(kX86Family);
  if (arm) {
    profile.architectures = {"SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64"};
  } else {
    profile.architectures = {"SCMP_ARCH_X86"};
  }
  const auto program = Compile(profile, family);
  const auto theirs = LibseccompFilter::Build(profile, family);
  REQUIRE(theirs.has_value());
  CHECK(DifferencesFromLibseccomp(profile, *theirs, program) == 0);
  CHECK(DifferencesFromModel(profile, family, program) == 0);
}

struct RandomTest {
  const char* name;
  ProfileShape shape;
};

// libseccomp 2.5.4 mixes up several 64-bit bounds on one argument, so there
// is only one condition per call where values are wide.
TEST_CASE("random profiles have libseccomp's verdicts") {
  const auto test = GENERATE(
      RandomTest{"narrow values", {.names = CallNames(false), .wide = false}},
      RandomTest{
          "wide values",
          {.names = CallNames(false), .many_rules = false, .max_args = 1}},
      RandomTest{"contradicting rules",
                 {.names = {"personality", "clone", "ioctl", "read"},
                  .one_action = false,
                  .max_args = 1,
                  .wide = false}});
  ProfileShape shape = test.shape;
  shape.architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_X86_64"};
  int compared = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    const std::vector<uint8_t> bytes = RandomBytes(seed);
    ByteSource source(bytes);
    const oci::Seccomp profile = GenerateProfile(shape, &source);
    const auto theirs = LibseccompFilter::Build(profile, kX86Family);
    if (!theirs.has_value()) continue;
    const auto program = Compile(profile, kX86Family);
    CAPTURE(test.name, seed);
    CHECK(DifferencesFromLibseccomp(profile, *theirs, program) == 0);
    ++compared;
  }
  CHECK(compared >= 30);
}

TEST_CASE("random profiles mean what their rules say") {
  const ProfileShape shape = {
      .names = CallNames(true),
      .architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_X32"},
      .one_action = GENERATE(true, false)};
  for (uint32_t seed = 0; seed < 60; ++seed) {
    const std::vector<uint8_t> bytes = RandomBytes(seed + 1000);
    ByteSource source(bytes);
    const oci::Seccomp profile = GenerateProfile(shape, &source);
    const auto program = Compile(profile, kX86Family);
    CAPTURE(seed);
    CHECK(DifferencesFromModel(profile, kX86Family, program) == 0);
  }
}

}  // namespace
}  // namespace sysbox::seccomp
