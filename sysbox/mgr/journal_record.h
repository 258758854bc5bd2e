// One line of the manager's journal: "CHECKSUM JSON\n", the checksum being
// CRC-32C of the JSON as 8 hex digits. Pure text; journal.h does the file.
#ifndef SYSBOX_MGR_JOURNAL_RECORD_H_
#define SYSBOX_MGR_JOURNAL_RECORD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/json/codec.h"

namespace sysbox::mgr {

enum class RecordKind {
  kBoot,      // first line: the boot that all the others are about
  kRegister,  // ids reserved; pid, start: the process that asked
  kActivate,  // pid, start, user namespace: the container's init
  kRelease,   // ids free
};

// Where a container's ids come from.
enum class IdSource {
  kExclusive,  // a range of its own out of the pool
  kShared,     // --id-mode=shared: the pool's range for everybody
  kRequested,  // the maps its config.json asked for
  kJoined,     // another container's, whose user namespace it joins
};

// A directory of the host's where a container's engine keeps its data.
struct DataRootUse {
  std::string path;  // for people
  std::string name;  // api::HostDataRoot's first
};

struct Record {
  RecordKind kind = RecordKind::kRelease;
  std::string id;
  std::string bundle;
  std::string rootfs;
  IdSource source = IdSource::kExclusive;
  std::string uids;  // ids/id_map_text.h
  std::string gids;
  int32_t pid = 0;
  uint64_t start = 0;  // clock ticks since boot
  uint64_t user_namespace_device = 0;
  uint64_t user_namespace_inode = 0;
  std::vector<DataRootUse> data_roots;
  std::string boot;     // kBoot: /proc/sys/kernel/random/boot_id
  uint64_t length = 0;  // kBoot: records in the file when it was rewritten
};

std::string EncodeRecord(const Record& record);
// `line` without its newline. DataLoss if it is damaged.
absl::StatusOr<Record> DecodeRecord(std::string_view line);

}  // namespace sysbox::mgr

namespace sysbox::json {

template <>
struct EnumNames<mgr::RecordKind> {
  static constexpr std::pair<mgr::RecordKind, std::string_view> kTable[] = {
      {mgr::RecordKind::kBoot, "boot"},
      {mgr::RecordKind::kRegister, "register"},
      {mgr::RecordKind::kActivate, "activate"},
      {mgr::RecordKind::kRelease, "release"},
  };
};
template <>
struct EnumNames<mgr::IdSource> {
  static constexpr std::pair<mgr::IdSource, std::string_view> kTable[] = {
      {mgr::IdSource::kExclusive, "exclusive"},
      {mgr::IdSource::kShared, "shared"},
      {mgr::IdSource::kRequested, "requested"},
      {mgr::IdSource::kJoined, "joined"},
  };
};
template <>
struct Fields<mgr::DataRootUse> {
  static constexpr auto kTable =
      std::make_tuple(Required("path", &mgr::DataRootUse::path),
                      Required("name", &mgr::DataRootUse::name));
};
template <>
struct Fields<mgr::Record> {
  static constexpr auto kTable = std::make_tuple(
      Required("kind", &mgr::Record::kind), Optional("id", &mgr::Record::id),
      Optional("bundle", &mgr::Record::bundle),
      Optional("rootfs", &mgr::Record::rootfs),
      Optional("source", &mgr::Record::source),
      Optional("uids", &mgr::Record::uids),
      Optional("gids", &mgr::Record::gids), Optional("pid", &mgr::Record::pid),
      Optional("start", &mgr::Record::start),
      Optional("usernsDevice", &mgr::Record::user_namespace_device),
      Optional("usernsInode", &mgr::Record::user_namespace_inode),
      Optional("dataRoots", &mgr::Record::data_roots),
      Optional("boot", &mgr::Record::boot),
      Optional("length", &mgr::Record::length));
};

}  // namespace sysbox::json

#endif  // SYSBOX_MGR_JOURNAL_RECORD_H_
