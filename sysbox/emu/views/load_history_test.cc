#include "sysbox/emu/views/load_history.h"

#include <cstdint>

#include "catch2/catch.hpp"
#include "sysbox/emu/views/loadavg.h"
#include "sysbox/emu/views/system_info.h"
#include "sysbox/emu/views/task_counts.h"

namespace sysbox::emu::views {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

LoadSample At(int64_t second, uint64_t cpu_seconds, uint64_t running,
              uint64_t blocked = 0) {
  return {
      .elapsed_ns = second * kSecond,
      .cpu_ns = cpu_seconds * kSecond,
      .cpus = 2,
      .tasks = {
          .total = 10, .running = running, .blocked = blocked, .newest = 42}};
}

TEST_CASE("a container that is idle has no load") {
  LoadHistory history;
  history.Advance(At(3600, 0, 0));
  CHECK(LoadavgText(history.Current()) == "0.00 0.00 0.00 0/10 42\n");
}

TEST_CASE("the first to ask after long full load is told of it") {
  LoadHistory history;
  history.Advance(At(36000, 36000, 1));
  const Load load = history.Current();
  for (double average : load.averages) CHECK(average == Approx(1));
}

TEST_CASE("asked regularly, averages rise and fall as the kernel's") {
  LoadHistory history;
  for (int second = 5; second <= 60; second += 5) {
    history.Advance(At(second, second, 1));
  }
  // 1 - e^-1, 1 - e^-0.2, 1 - e^(-1/15).
  const Load up = history.Current();
  CHECK(up.averages[0] == Approx(0.632).margin(0.001));
  CHECK(up.averages[1] == Approx(0.181).margin(0.001));
  CHECK(up.averages[2] == Approx(0.064).margin(0.001));
  for (int second = 65; second <= 120; second += 5) {
    history.Advance(At(second, 60, 0));
  }
  CHECK(history.Current().averages[0] == Approx(0.2325).margin(0.001));
}

TEST_CASE("waiting and blocked tasks count") {
  LoadHistory history;
  history.Advance(At(36000, 72000, 8, 3));
  CHECK(history.Current().averages[0] == Approx(11));
}

TEST_CASE("after a long silence the moment counts for the short average") {
  LoadHistory history;
  history.Advance(At(36000, 36000, 0));
  const Load load = history.Current();
  CHECK(load.averages[0] < 0.01);
  CHECK(load.averages[2] < 0.05);
}

TEST_CASE("samples out of order change nothing") {
  LoadHistory history;
  history.Advance(At(3600, 3600, 1));
  history.Advance(At(3500, 0, 9));
  history.Advance(At(3600, 0, 9));
  CHECK(history.Current().tasks.running == 1);
}

TEST_CASE("tasks are counted once a second, more rarely where that is dear") {
  LoadHistory history;
  CHECK(history.Due(10 * kSecond));
  CHECK_FALSE(history.Due(10 * kSecond + 1));
  LoadSample sample = At(10, 0, 0);
  sample.cost_ns = kSecond / 10;
  history.Advance(sample);
  CHECK_FALSE(history.Due(14 * kSecond));
  CHECK(history.Due(15 * kSecond));
}

TEST_CASE("the newest task is told as the container numbers it") {
  CHECK(PidInside("Name:\tx\nNSpid:\t4711\t17\t3\n") == 17);
  CHECK(PidInside("NSpid:\t4711\n") == 0);
  CHECK(PidInside("") == 0);
}

TEST_CASE("sysinfo agrees with the files") {
  MemoryUse use;
  use.counted = true;
  use.limit = 64 << 20;
  use.usage = 16 << 20;
  use.shmem = 4096;
  Load load;
  load.averages = {1.5, 0, 0};
  load.tasks.total = 100000;
  const struct sysinfo info = MakeSystemInfo(
      "MemTotal: 131072 kB\nMemFree: 99999 kB\nMemAvailable: 99999 kB\n", use,
      load, 65 * kSecond);
  CHECK(info.uptime == 65);
  CHECK(info.loads[0] == 98304);
  CHECK(info.totalram == 64 << 20);
  CHECK(info.freeram == 48 << 20);
  CHECK(info.sharedram == 4096);
  CHECK(info.totalswap == 0);
  CHECK(info.procs == 65535);
  CHECK(info.mem_unit == 1);
}

}  // namespace
}  // namespace sysbox::emu::views
