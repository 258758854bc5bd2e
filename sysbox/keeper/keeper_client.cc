#include "sysbox/keeper/keeper_client.h"

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/socket.h"

namespace sysbox::keeper {
namespace {

struct KindRow {
  KeeperMessage::Kind kind;
  std::string_view verb;
  bool named;
};
constexpr KindRow kKinds[] = {
    {KeeperMessage::Kind::kHold, "hold", true},
    {KeeperMessage::Kind::kDrop, "drop", true},
    {KeeperMessage::Kind::kReady, "ready", false},
};

}  // namespace

std::string EncodeKeeperMessage(const KeeperMessage& message) {
  for (const KindRow& row : kKinds) {
    if (row.kind != message.kind) continue;
    return row.named ? fmt::format("{} {}", row.verb, message.name)
                     : std::string(row.verb);
  }
  return {};
}

absl::StatusOr<KeeperMessage> DecodeKeeperMessage(std::string_view packet) {
  const size_t space = std::min(packet.find(' '), packet.size());
  for (const KindRow& row : kKinds) {
    if (row.verb != packet.substr(0, space)) continue;
    if (!row.named && space == packet.size())
      return KeeperMessage{row.kind, {}};
    if (row.named && space < packet.size() &&
        IsDescriptorName(packet.substr(space + 1))) {
      return KeeperMessage{row.kind, std::string(packet.substr(space + 1))};
    }
  }
  return InvalidArgument("message to the keeper \"{}\"", packet);
}

absl::Status KeeperClient::Hold(const std::string& name, FdRef fd) {
  if (!IsDescriptorName(name)) {
    return InvalidArgument("descriptor name \"{}\"", name);
  }
  DropLate();
  {
    absl::MutexLock lock(&mu_);
    late_drops_.erase(name);  // replaced
  }
  return Annotate(
      SendMessage(keeper_,
                  EncodeKeeperMessage({KeeperMessage::Kind::kHold, name}),
                  absl::MakeConstSpan(&fd, 1)),
      fmt::format("give {} to the keeper", name));
}

void KeeperClient::Drop(const std::string& name) {
  Fd untaken;
  {
    absl::MutexLock lock(&mu_);
    const auto found = held_.find(name);
    if (found != held_.end()) {
      untaken = std::move(found->second);
      held_.erase(found);
    }
  }
  if (!IsDescriptorName(name)) return;  // never held
  DropLate();
  if (SendDrop(name).ok()) return;
  // Without a keeper we end anyway; else it would hold it for ever.
  absl::MutexLock lock(&mu_);
  late_drops_.insert(name);
}

absl::Status KeeperClient::SendDrop(const std::string& name) {
  return SendMessage(
      keeper_, EncodeKeeperMessage({KeeperMessage::Kind::kDrop, name}), {});
}

void KeeperClient::DropLate() {
  std::set<std::string> late;
  {
    absl::MutexLock lock(&mu_);
    late.swap(late_drops_);
  }
  while (!late.empty() && SendDrop(*late.begin()).ok()) {
    late.erase(late.begin());
  }
  if (late.empty()) return;
  absl::MutexLock lock(&mu_);
  late_drops_.merge(late);
}

absl::StatusOr<Fd> KeeperClient::Take(const std::string& name) {
  absl::MutexLock lock(&mu_);
  const auto found = held_.find(name);
  if (found == held_.end()) return NotFound("{}: not held", name);
  Fd fd = std::move(found->second);
  held_.erase(found);
  return fd;
}

std::vector<std::string> KeeperClient::Held() const {
  absl::MutexLock lock(&mu_);
  std::vector<std::string> names;
  for (const auto& [name, fd] : held_) names.push_back(name);
  return names;
}

absl::Status KeeperClient::Ready() {
  for (const std::string& name : Held()) Drop(name);
  return SendMessage(
      keeper_, EncodeKeeperMessage({KeeperMessage::Kind::kReady, {}}), {});
}

}  // namespace sysbox::keeper
