#include "sysbox/emu/views/io_use.h"

#include <cstddef>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/emu/views/kernel_text.h"

namespace sysbox::emu::views {
namespace {

struct Key {
  std::string_view key;
  uint64_t IoUse::*value;
};

constexpr Key kV1Counts[] = {{"Read", &IoUse::reads},
                             {"Write", &IoUse::writes},
                             {"Discard", &IoUse::discards}};
constexpr Key kV1Bytes[] = {{"Read", &IoUse::read_bytes},
                            {"Write", &IoUse::written_bytes},
                            {"Discard", &IoUse::discarded_bytes}};
constexpr Key kV2Keys[] = {{"rbytes", &IoUse::read_bytes},
                           {"wbytes", &IoUse::written_bytes},
                           {"dbytes", &IoUse::discarded_bytes},
                           {"rios", &IoUse::reads},
                           {"wios", &IoUse::writes},
                           {"dios", &IoUse::discards}};

std::optional<DeviceNumber> ParseDevice(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<uint64_t> major = ParseUint64(text.substr(0, colon));
  const std::optional<uint64_t> minor = ParseUint64(text.substr(colon + 1));
  if (!major || !minor) return std::nullopt;
  return DeviceNumber{*major, *minor};
}

void Set(absl::Span<const Key> keys, std::string_view key, uint64_t value,
         DeviceNumber device, IoUseMap* use) {
  if (value == 0) return;
  for (const Key& known : keys) {
    if (known.key == key) (*use)[device].*known.value = value;
  }
}

void AddV1(absl::Span<const Key> keys, std::string_view text, IoUseMap* use) {
  ForEachLine(text, [&](std::string_view line) {
    const std::optional<DeviceNumber> device = ParseDevice(TakeField(&line));
    if (!device) return;  // "Total 17"
    const std::string_view key = TakeField(&line);
    Set(keys, key, TakeNumber(&line), *device, use);
  });
}

}  // namespace

void AddV1Counts(std::string_view text, IoUseMap* use) {
  AddV1(kV1Counts, text, use);
}

void AddV1Bytes(std::string_view text, IoUseMap* use) {
  AddV1(kV1Bytes, text, use);
}

IoUseMap ParseV2IoStat(std::string_view text) {
  IoUseMap use;
  ForEachLine(text, [&use](std::string_view line) {
    std::optional<DeviceNumber> device;
    for (std::string_view field = TakeField(&line); !field.empty();
         field = TakeField(&line)) {
      const size_t equals = field.find('=');
      // Linux 5.15 ends no line of a device without numbers: the next one's
      // name follows.
      if (equals == std::string_view::npos) device = ParseDevice(field);
      if (equals == std::string_view::npos || !device) continue;
      Set(kV2Keys, field.substr(0, equals),
          ParseUint64(field.substr(equals + 1)).value_or(0), *device, &use);
    }
  });
  return use;
}

absl::StatusOr<IoUseMap> ReadIoUse(const ResourceGroup& group) {
  if (group.Unified(Controller::kBlkio)) {
    SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                            group.Read(Controller::kBlkio, "io.stat"));
    return ParseV2IoStat(text);
  }
  IoUseMap use;
  SYSBOX_ASSIGN_OR_RETURN(
      const std::string counts,
      group.Read(Controller::kBlkio, "blkio.throttle.io_serviced_recursive"));
  SYSBOX_ASSIGN_OR_RETURN(
      const std::string bytes,
      group.Read(Controller::kBlkio,
                 "blkio.throttle.io_service_bytes_recursive"));
  AddV1Counts(counts, &use);
  AddV1Bytes(bytes, &use);
  return use;
}

}  // namespace sysbox::emu::views
