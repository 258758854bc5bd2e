// What handlers decide, without a kernel.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "catch2/catch.hpp"
#include "sysbox/trap/affinity_call.h"
#include "sysbox/trap/kernel_log.h"
#include "sysbox/trap/load_module.h"
#include "sysbox/trap/make_node.h"
#include "sysbox/trap/own_path.h"
#include "sysbox/trap/sysinfo_call.h"

namespace sysbox::trap {
namespace {

TEST_CASE("harmless nodes are a short list of character devices") {
  for (uint32_t device : {0x103, 0x105, 0x107, 0x108, 0x109, 0x10b, 0x500,
                          0x501, 0x502, 0xac8, 0xae5}) {
    CHECK(IsHarmlessNode(S_IFCHR | 0666, device));
    CHECK_FALSE(IsHarmlessNode(S_IFBLK | 0666, device));
    CHECK_FALSE(IsHarmlessNode(S_IFREG | 0666, device));
  }
  // mem, port, sda, loop-control, kvm; and 1:3 in other bits.
  for (uint32_t device :
       {0x101u, 0x104u, 0x800u, 0xaedu, 0xae8u, 0x100103u, 0x10000103u}) {
    CHECK_FALSE(IsHarmlessNode(S_IFCHR | 0666, device));
  }
}

TEST_CASE("a kernel log with nothing in it") {
  const auto answer = [](int type, bool may, uint64_t buffer = 4096,
                         int size = 100) {
    return AnswerSyslog({.type = type, .buffer = buffer, .size = size}, may);
  };
  CHECK(answer(3, false) == 0);
  CHECK(answer(10, false) == 1 << 18);
  for (int type : {0, 1, 2, 4, 5, 6, 7, 8, 9, -1, 11}) {
    CHECK(answer(type, false) == -EPERM);
  }
  for (int type : {0, 1, 2, 3, 4, 5, 9}) CHECK(answer(type, true) == 0);
  for (int console : {6, 7}) CHECK(answer(console, true) == -EPERM);
  CHECK(answer(8, true, 0, 4) == -EPERM);
  CHECK(answer(8, true, 0, 9) == -EINVAL);
  for (int unknown : {-1, 11}) CHECK(answer(unknown, true) == -EINVAL);
}

TEST_CASE("a kernel log is read into memory only") {
  const auto read = [](int type, uint64_t buffer, int size) {
    return AnswerSyslog({.type = type, .buffer = buffer, .size = size}, true);
  };
  for (int type : {2, 3, 4}) {
    CHECK(read(type, 0, 100) == -EINVAL);
    CHECK(read(type, 4096, -1) == -EINVAL);
    CHECK(read(type, ~uint64_t{0}, 0) == 0);
    CHECK(read(type, ~uint64_t{0}, 1) == -EFAULT);
    CHECK(read(type, (uint64_t{1} << 47) - 1, 1) == -EFAULT);
  }
  CHECK(read(5, ~uint64_t{0}, -1) == 0);
}

TEST_CASE("paths that begin at what the caller has") {
  const auto split = [](std::string_view path) {
    const OwnPath own = SplitOwnPath(path);
    return std::string(own.link) + "|" + std::string(own.rest);
  };
  CHECK(split("/proc/self/fd/5") == "fd/5|");
  CHECK(split("/proc/self/fd/5/") == "fd/5|");
  CHECK(split("/proc/thread-self/fd/12//dev/null") == "fd/12|dev/null");
  CHECK(split("/dev/fd/5/x") == "fd/5|x");
  CHECK(split("/proc/self/cwd/../x") == "cwd|../x");
  CHECK(split("/proc/self/root") == "root|");
  for (const char* other :
       {"", "/", "/proc/self", "/proc/self/", "/proc/self/fd", "/dev/root/x",
        "/proc/self/rootx", "/proc/self/cwdir/x", "/proc/selfish/fd/5",
        "/proc//self/fd/5", "proc/self/fd/5", "/proc/1/fd/5", "/dev/fdx/5"}) {
    CHECK(split(other) == "|");
  }
  CHECK(split("/proc/self/fd//x") == "fd/|x");  // and no number: ENOENT
}

TEST_CASE("a module's name is its file's") {
  CHECK(ModuleNameOfPath("/lib/modules/6.1/net/br-netfilter.ko") ==
        "br_netfilter");
  CHECK(ModuleNameOfPath("/m/x_tables.ko.zst") == "x_tables");
  CHECK(ModuleNameOfPath("ip_vs.ko.xz") == "ip_vs");
  for (const char* path : {"", "/", "/m/x", "/m/.ko", "/m/a b.ko", "/m/..ko",
                           "/m/x.ko (deleted)", "/m/x.ko.bz2"}) {
    CHECK_FALSE(ModuleNameOfPath(path).has_value());
  }
}

TEST_CASE("a module's name is in its image") {
  const std::string elf = "\177ELF....";
  const auto image = [&](const std::string& info) { return elf + info; };
  CHECK(ModuleNameOfImage(image(std::string("\0name=br-netfilter\0", 19))) ==
        "br_netfilter");
  CHECK(ModuleNameOfImage(image(std::string("\0name=a/b\0name=ip_vs\0", 22))) ==
        "ip_vs");
  CHECK_FALSE(ModuleNameOfImage(image(std::string("\0name=ip_vs", 11))));
  CHECK_FALSE(ModuleNameOfImage(std::string("\0name=ip_vs\0", 12)));
  CHECK_FALSE(ModuleNameOfImage(""));
}

template <typename T>
T At(const std::string& bytes, size_t offset) {
  T value;
  REQUIRE(offset + sizeof value <= bytes.size());
  memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

TEST_CASE("sysinfo's struct has the ABI's layout") {
  SystemNumbers numbers;
  numbers.uptime = 42;
  numbers.loads[2] = 3;
  numbers.total_ram = uint64_t{6} << 30;
  numbers.free_ram = uint64_t{1} << 30;
  numbers.total_swap = uint64_t{1} << 20;
  numbers.processes = 7;
  const std::string wide = EncodeSysinfo(numbers, /*narrow=*/false);
  CHECK(wide.size() == 112);
  CHECK(At<int64_t>(wide, 0) == 42);
  CHECK(At<uint64_t>(wide, 24) == 3);
  CHECK(At<uint64_t>(wide, 32) == numbers.total_ram);
  CHECK(At<uint64_t>(wide, 64) == numbers.total_swap);
  CHECK(At<uint16_t>(wide, 80) == 7);
  CHECK(At<uint32_t>(wide, 104) == 1);
  const std::string narrow = EncodeSysinfo(numbers, /*narrow=*/true);
  CHECK(narrow.size() == 64);
  CHECK(At<uint32_t>(narrow, 16) == numbers.total_ram / 4096);
  CHECK(At<uint32_t>(narrow, 52) == 4096);
  numbers.total_ram = uint64_t{1} << 30;
  CHECK(At<uint32_t>(EncodeSysinfo(numbers, true), 52) == 1);
}

TEST_CASE("an affinity mask has the size that the kernel would give") {
  CHECK(AffinitySize(128, false, 8, 64) == 64);
  CHECK(AffinitySize(8, false, 8, 64) == 8);
  CHECK(AffinitySize(0, false, 8, 64) == -EINVAL);
  CHECK(AffinitySize(4, false, 8, 64) == -EINVAL);
  CHECK(AffinitySize(4, true, 8, 64) == 4);
  CHECK(AffinitySize(12, true, 8, 64) == 12);
  CHECK(AffinitySize(4, true, 33, 64) == -EINVAL);
  CHECK(AffinitySize(8, false, 65, 64) == -EINVAL);
  CHECK(AffinitySize(128, false, 8192, 1024) == -EINVAL);
  // An unsigned int, in the product as well.
  CHECK(AffinitySize(0x1'0000'0008, false, 8, 64) == 8);
  CHECK(AffinitySize(0x2000'0000, false, 8, 64) == -EINVAL);
  CHECK(AffinitySize(0xffff'fff8, false, 8, 64) == 64);
}

TEST_CASE("of an affinity mask the first CPUs stay, at least one") {
  using namespace std::string_literals;
  CHECK(FirstCpus("\xff\x01"s, 9) == "\xff\x01"s);
  CHECK(FirstCpus("\xff\x01"s, 3) == "\x07\x00"s);
  CHECK(FirstCpus("\x00\xa0\x06"s, 3) == "\x00\xa0\x02"s);
  CHECK(FirstCpus("\x00\x80"s, 4) == "\x00\x80"s);  // pinned
  CHECK(FirstCpus("\x0c"s, 0) == "\x04"s);
  CHECK(FirstCpus("\x00"s, 2) == "\x00"s);
}

TEST_CASE("a thread's own number is the innermost") {
  CHECK(OwnNumber("Name:\tx\nNSpid:\t4242\t17\t3\nNSpgid:\t1\n") == 3);
  CHECK(OwnNumber("Name:\tx\nNSpid:\t42\n") == 42);
  CHECK(OwnNumber("Name:\tNSpid:\t7\n") == std::nullopt);
  CHECK(OwnNumber("Name:\tx\nNSpid:\tx\n") == std::nullopt);
  CHECK(OwnNumber("") == std::nullopt);
}

}  // namespace
}  // namespace sysbox::trap
