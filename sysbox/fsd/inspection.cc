#include "sysbox/fsd/inspection.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "sysbox/api/messages.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/emu/emulated_mounts.h"
#include "sysbox/json/codec.h"
#include "sysbox/linux/file.h"

namespace sysbox::fsd {
namespace {

using Source = emu::EmulatedMount::Source;

bool IsAtOrBelow(std::string_view path, std::string_view directory) {
  return absl::StartsWith(ToAbsl(path), ToAbsl(directory)) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// The last mount that `path` lies on; null above all of them.
const emu::EmulatedMount* MountOf(std::string_view path) {
  const emu::EmulatedMount* found = nullptr;
  for (const emu::EmulatedMount& mount : emu::EmulatedMounts()) {
    if (IsAtOrBelow(path, mount.path)) found = &mount;
  }
  return found;
}

struct Place {
  std::shared_ptr<fuse::Tree> tree;
  fuse::Caller caller;
  fuse::Attributes attributes;
};

absl::StatusOr<std::shared_ptr<fuse::Tree>> TreeAt(const Emulation& emulation,
                                                   const std::string& id,
                                                   std::string_view path) {
  const emu::EmulatedMount* mount = MountOf(path);
  if (mount == nullptr || mount->source == Source::kNative) {
    return FailedPrecondition("{} is the kernel's own", path);
  }
  std::shared_ptr<fuse::Tree> tree = emulation.TreeOf(
      id, mount->source == Source::kLive ? emu::Superblock::kLive
                                         : emu::Superblock::kStatic);
  if (tree == nullptr)
    return NotFound("container \"{}\" is served nothing", id);
  return tree;
}

absl::StatusOr<Place> Find(const registry::Container& container,
                           const Emulation& emulation, std::string_view path) {
  Place place;
  SYSBOX_ASSIGN_OR_RETURN(place.tree, TreeAt(emulation, container.id(), path));
  place.caller = {container.init().pid, container.root_uid(),
                  container.root_gid()};
  SYSBOX_ASSIGN_OR_RETURN(place.attributes,
                          place.tree->Get(place.caller, fuse::kRootNode));
  for (absl::string_view name :
       absl::StrSplit(ToAbsl(path), '/', absl::SkipEmpty())) {
    SYSBOX_ASSIGN_OR_RETURN(
        place.attributes,
        place.tree->Lookup(place.caller, place.attributes.node, ToStd(name)),
        "{}", path);
  }
  return place;
}

absl::StatusOr<api::Answer<api::Content>> Deliver(
    absl::StatusOr<std::string> text) {
  SYSBOX_RETURN_IF_ERROR(text.status());
  std::vector<Fd> fds(1);
  SYSBOX_ASSIGN_OR_RETURN(fds[0], MakeMemoryFile("content", *text));
  return api::Answer<api::Content>({}, std::move(fds));
}

std::string ValuesJson(const registry::ValueStore::Values& values) {
  std::map<std::string, std::string> plain(values.begin(), values.end());
  return json::Write(plain, {.indent = "    "}) + "\n";
}

}  // namespace

absl::StatusOr<std::string> ListEmulated(const registry::Container& container,
                                         const Emulation& emulation,
                                         std::string_view path) {
  SYSBOX_ASSIGN_OR_RETURN(const Place place, Find(container, emulation, path));
  SYSBOX_ASSIGN_OR_RETURN(
      std::vector<fuse::DirectoryEntry> entries,
      place.tree->List(place.caller, place.attributes.node));
  std::vector<std::string> lines;
  for (const fuse::DirectoryEntry& entry : entries) {
    lines.push_back(entry.name + (S_ISDIR(entry.type) ? "/\n" : "\n"));
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

absl::StatusOr<std::string> ReadEmulated(const registry::Container& container,
                                         const Emulation& emulation,
                                         std::string_view path) {
  SYSBOX_ASSIGN_OR_RETURN(const Place place, Find(container, emulation, path));
  return place.tree->Read(place.caller, place.attributes.node);
}

void ServeInspection(api::Server* server,
                     const registry::ContainerRegistry* registry,
                     const Emulation* emulation) {
  const auto find = [registry](const std::string& id)
      -> absl::StatusOr<std::shared_ptr<registry::Container>> {
    std::shared_ptr<registry::Container> container = registry->Find(id);
    if (container != nullptr) return container;
    return NotFound("container \"{}\" does not exist", id);
  };
  using Reply = absl::StatusOr<api::Answer<api::Content>>;
  server->Handle<api::StoredValuesRequest, api::Content>(
      api::MessageId::kStoredValues,
      [find](const api::Peer&, const api::StoredValuesRequest& request,
             std::vector<Fd>) -> Reply {
        SYSBOX_ASSIGN_OR_RETURN(auto container, find(request.id));
        return Deliver(ValuesJson(container->values().All()));
      });
  server->Handle<api::ListEmulatedRequest, api::Content>(
      api::MessageId::kListEmulated,
      [find, emulation](const api::Peer&,
                        const api::ListEmulatedRequest& request,
                        std::vector<Fd>) -> Reply {
        SYSBOX_ASSIGN_OR_RETURN(auto container, find(request.id));
        return Deliver(ListEmulated(*container, *emulation, request.path));
      });
  server->Handle<api::ReadEmulatedRequest, api::Content>(
      api::MessageId::kReadEmulated,
      [find, emulation](const api::Peer&,
                        const api::ReadEmulatedRequest& request,
                        std::vector<Fd>) -> Reply {
        SYSBOX_ASSIGN_OR_RETURN(auto container, find(request.id));
        return Deliver(ReadEmulated(*container, *emulation, request.path));
      });
}

}  // namespace sysbox::fsd
