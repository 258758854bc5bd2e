#include "sysbox/emu/special_values.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/emu/views/visible_cpus.h"
#include "sysbox/emu/write_check.h"

namespace sysbox::emu {
namespace {

// Those that Linux 6.18 can set as a default, modules included.
constexpr std::string_view kQueueDisciplines =
    "bfifo cake cbs codel drr dualpi2 ets fq fq_codel fq_pie gred hfsc hhf htb "
    "mq mqprio multiq netem noqueue pfifo pfifo_fast pie plug prio qfq red sfb "
    "sfq skbprio tbf teql";

constexpr uint64_t kPage = 4096;
constexpr uint64_t kMaxGroup = 2147483647;
constexpr uint32_t kIdsOfContainer = 65536;
constexpr std::string_view kPingGroupRange =
    "/proc/sys/net/ipv4/ping_group_range";

// FNV-1a, started anew for each half.
uint64_t Hash(std::string_view text, uint64_t state) {
  for (const unsigned char c : text) state = (state ^ c) * 0x100000001b3;
  // Finalisation as in SplitMix64, so that all bits depend on all.
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
  return state ^ (state >> 31);
}

// RFC 4122, section 4.4, with other than random bits.
std::string UuidOf(std::string_view text) {
  const uint64_t high =
      (Hash(text, 0xcbf29ce484222325) & ~0xf000ull) | 0x4000ull;
  const uint64_t low =
      (Hash(text, 0x84222325cbf29ce4) & ~(3ull << 62)) | (1ull << 63);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32,
                     (high >> 16) & 0xffff, high & 0xffff, low >> 48,
                     low & 0xffffffffffff);
}

struct Range {
  uint64_t low = 0;
  uint64_t high = 0;
};

std::optional<Range> ParseRange(std::string_view text) {
  const absl::StatusOr<std::vector<WrittenNumber>> numbers =
      ParseNumbers(text, 2);
  if (!numbers.ok() || numbers->size() != 2) return std::nullopt;
  return Range{(*numbers)[0].magnitude, (*numbers)[1].magnitude};
}

// A range of the container's ids as host ids: what the kernel is told.
std::string ToHost(const Range& range, gid_t root) {
  constexpr uint64_t kLast = kIdsOfContainer - 1;
  // "1 0" is the kernel's own way to say nobody.
  if (range.low > kLast) return "1\t0";
  return fmt::format("{}\t{}", root + range.low,
                     root + std::min(range.high, kLast));
}

}  // namespace

absl::StatusOr<std::string> QueueDiscipline(std::string_view data,
                                            std::string_view) {
  const std::vector<absl::string_view> known =
      absl::StrSplit(ToAbsl(kQueueDisciplines), ' ');
  const absl::string_view name =
      absl::StripAsciiWhitespace(ToAbsl(data.substr(0, data.find('\0'))));
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    return ErrnoStatus(ENOENT, "look up queueing discipline");
  }
  return std::string(name);
}

absl::StatusOr<std::string> PtraceScope(std::string_view data,
                                        std::string_view old) {
  return AcceptWrite(old == "3" ? Ints(3, 3) : Ints(0, 3), data, old);
}

absl::StatusOr<std::string> Choice(std::string_view data,
                                   std::string_view old) {
  // sysfs_streq(): a newline at the end is none.
  if (data.ends_with('\n')) data.remove_suffix(1);
  std::string words;
  bool found = false;
  for (const absl::string_view shown :
       absl::StrSplit(ToAbsl(old), ' ', absl::SkipEmpty())) {
    const std::string_view word =
        ToStd(absl::StripPrefix(absl::StripSuffix(shown, "]"), "["));
    if (!words.empty()) words += ' ';
    words += word == data ? fmt::format("[{}]", word) : std::string(word);
    found = found || word == data;
  }
  if (!found) return ErrnoStatus(EINVAL, "look up word");
  return words;
}

absl::StatusOr<std::string> UnprivilegedBpf(std::string_view data,
                                            std::string_view old) {
  SYSBOX_ASSIGN_OR_RETURN(std::string value,
                          AcceptWrite(Ints(0, 2), data, old));
  if (old == "1" && value != old) {
    return ErrnoStatus(EPERM, "enable unprivileged bpf");
  }
  return value;
}

absl::StatusOr<std::string> PipeMaxSize(std::string_view data,
                                        std::string_view old) {
  SYSBOX_ASSIGN_OR_RETURN(std::string text,
                          AcceptWrite(Ints(0, int64_t{1} << 31), data, old));
  const uint64_t size = ParseUint64(text).value_or(0);
  return fmt::to_string(std::bit_ceil(std::max(size, kPage)));
}

absl::StatusOr<std::string> GroupRange(std::string_view data,
                                       std::string_view) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<WrittenNumber> numbers,
                          ParseNumbers(data, 2));
  if (numbers.size() != 2 || numbers[0].negative || numbers[1].negative ||
      numbers[1].magnitude > kMaxGroup ||
      numbers[0].magnitude > numbers[1].magnitude) {
    return ErrnoStatus(EINVAL, "check group range");
  }
  return fmt::format("{}\t{}", numbers[0].magnitude, numbers[1].magnitude);
}

absl::StatusOr<std::string> BootId(ContainerView& view, const fuse::Caller&) {
  const ContainerFacts facts = view.facts();
  // A hook that runs before the container does.
  if (facts.started_ns == 0) return ErrnoStatus(EAGAIN, "tell boot id");
  return UuidOf(fmt::format("boot {} {}", facts.id, facts.started_ns)) + "\n";
}

absl::StatusOr<std::string> ProductUuid(ContainerView& view,
                                        const fuse::Caller&) {
  return UuidOf(fmt::format("machine {}", view.facts().id)) + "\n";
}

absl::StatusOr<std::string> ProductSerial(ContainerView& view,
                                          const fuse::Caller&) {
  return view.facts().id.substr(0, 12) + "\n";
}

bool IsForeignCpu(ContainerView& view, const fuse::Caller& caller,
                  std::string_view name) {
  if (name.substr(0, 3) != "cpu") return false;
  const std::optional<uint64_t> number = ParseUint64(name.substr(3));
  if (!number) return false;
  const auto visible = views::VisibleCpusOf(view, caller);
  // Without cgroups to ask, the host's are shown.
  return visible.ok() && *number >= visible->size();
}

absl::StatusOr<std::string> ReadGroupRange(ContainerView& view,
                                           const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(
      std::string text,
      view.kernel().Read(caller, Scope::kNetwork, kPingGroupRange));
  const std::optional<Range> actual = ParseRange(text);
  if (!actual) return ErrnoStatus(EIO, "parse ping_group_range");
  const gid_t root = view.facts().root_gid;
  if (const auto written = view.values().Get(kPingGroupRange)) {
    const std::optional<Range> wanted = ParseRange(*written);
    if (wanted && ToHost(*wanted, root) ==
                      fmt::format("{}\t{}", actual->low, actual->high)) {
      return *written + "\n";
    }
  }
  if (actual->low > actual->high || actual->low < root) return "1\t0\n";
  return fmt::format("{}\t{}\n", actual->low - root, actual->high - root);
}

absl::Status WriteGroupRange(ContainerView& view, const fuse::Caller& caller,
                             std::string_view data) {
  SYSBOX_ASSIGN_OR_RETURN(std::string value, GroupRange(data, ""));
  SYSBOX_RETURN_IF_ERROR(
      view.kernel().Write(caller, Scope::kNetwork, kPingGroupRange,
                          ToHost(*ParseRange(value), view.facts().root_gid)));
  return view.values().Set(kPingGroupRange, std::move(value));
}

}  // namespace sysbox::emu
