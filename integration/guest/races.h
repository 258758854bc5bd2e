// What the processes of the race share; races.cc watches, racers.cc attack.
#ifndef INTEGRATION_GUEST_RACES_H_
#define INTEGRATION_GUEST_RACES_H_

#include <array>
#include <atomic>
#include <cstdint>

namespace probe {

// Where it happens. `open` is everybody's, `closed` root's; `jail` and `cell`
// are the roots of those who mount, who reach no other place below.
inline constexpr char kRace[] = "/tmp/race";
inline constexpr char kClosed[] = "/tmp/race/closed";
inline constexpr char kOutside[] = "/tmp/race/outside";
inline constexpr char kKept[] = "/tmp/race/kept";  // a procfs

// One racer's; the watcher looks for calls that do not return.
struct Lane {
  std::atomic<int64_t> since;  // of the call, monotonic nanoseconds; 0: none
  std::atomic<uint64_t> calls;
  std::atomic<uint64_t> done;  // those that succeeded
};

inline constexpr int kLanes = 12;

struct Arena {
  std::array<Lane, kLanes> lanes;
  // Arguments that somebody rewrites all the time.
  std::array<char, 256> node_path;
  std::array<char, 256> mount_path;
  std::array<char, 64> type;
  std::atomic<int> wrong;
};

int64_t Nanoseconds();

// Each in a process of its own, until it is killed.
[[noreturn]] void RewriteArguments(Arena* arena);
[[noreturn]] void SwapLinks();
[[noreturn]] void RunLane(Arena* arena, int lane);

}  // namespace probe

#endif  // INTEGRATION_GUEST_RACES_H_
