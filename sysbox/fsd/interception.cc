#include "sysbox/fsd/interception.h"

#include <sys/epoll.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/emu/views/system_info.h"
#include "sysbox/emu/views/visible_cpus.h"
#include "sysbox/fuse/tree.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/process.h"
#include "sysbox/registry/short_id.h"
#include "sysbox/trap/container.h"

namespace sysbox::fsd {
namespace {

constexpr char kJournalName[] = "trap-journal";
// A container's execs at one time; more are served, but not kept.
constexpr int kMaxKept = 256;

std::string NameOf(const std::string& id, int number) {
  return fmt::format("trap.{}.{}", registry::ShortId(id), number);
}

trap::SystemNumbers NumbersOf(const struct sysinfo& info) {
  trap::SystemNumbers numbers;
  numbers.uptime = info.uptime;
  std::copy(std::begin(info.loads), std::end(info.loads), numbers.loads);
  const uint64_t unit = info.mem_unit;
  numbers.total_ram = info.totalram * unit;
  numbers.free_ram = info.freeram * unit;
  numbers.shared_ram = info.sharedram * unit;
  numbers.buffer_ram = info.bufferram * unit;
  numbers.total_swap = info.totalswap * unit;
  numbers.free_swap = info.freeswap * unit;
  numbers.total_high = info.totalhigh * unit;
  numbers.free_high = info.freehigh * unit;
  numbers.processes = info.procs;
  return numbers;
}

}  // namespace

// Thread-safe, and alive as long as a worker is.
class ViewedHost : public trap::Host {
 public:
  explicit ViewedHost(std::vector<std::string> allowed_mounts)
      : allowed_mounts_(std::move(allowed_mounts)) {}
  void Add(const std::string& id, std::shared_ptr<emu::ContainerView> view) {
    if (view == nullptr) return;
    absl::MutexLock lock(&mu_);
    views_[id] = std::move(view);
  }
  void Remove(const std::string& id) {
    std::shared_ptr<emu::ContainerView> gone;  // destroyed outside the lock
    absl::MutexLock lock(&mu_);
    auto node = views_.extract(id);
    if (!node.empty()) gone = std::move(node.mapped());
  }

  absl::StatusOr<trap::SystemNumbers> Numbers(const trap::Container& container,
                                              pid_t caller) override {
    SYSBOX_ASSIGN_OR_RETURN(const auto view, ViewOf(container));
    SYSBOX_ASSIGN_OR_RETURN(
        struct sysinfo info,
        emu::views::ReadSystemInfo(*view, fuse::Caller{.pid = caller}));
    return NumbersOf(info);
  }

  absl::StatusOr<size_t> CpuCount(const trap::Container& container,
                                  pid_t caller) override {
    SYSBOX_ASSIGN_OR_RETURN(const auto view, ViewOf(container));
    return emu::views::CpuCountOf(*view, fuse::Caller{.pid = caller});
  }

  bool AllowsMount(std::string_view type) const override {
    return std::find(allowed_mounts_.begin(), allowed_mounts_.end(), type) !=
           allowed_mounts_.end();
  }

 private:
  absl::StatusOr<std::shared_ptr<emu::ContainerView>> ViewOf(
      const trap::Container& container) {
    absl::MutexLock lock(&mu_);
    auto found = views_.find(container.id);
    if (found == views_.end()) return NotFound("no view");
    return found->second;
  }

  const std::vector<std::string> allowed_mounts_;
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, std::shared_ptr<emu::ContainerView>> views_
      ABSL_GUARDED_BY(mu_);
};

Interception::Interception(registry::DescriptorVault* vault,
                           std::shared_ptr<ViewedHost> host,
                           std::shared_ptr<Departed> departed)
    : vault_(vault), host_(std::move(host)), departed_(std::move(departed)) {}

Interception::~Interception() = default;

namespace {

// The predecessor's, if there was one and it wrote as we do.
absl::StatusOr<std::shared_ptr<trap::InFlightJournal>> OpenJournal(
    registry::DescriptorVault& vault) {
  absl::StatusOr<Fd> kept = vault.Take(kJournalName);
  if (kept.ok()) {
    auto opened = trap::InFlightJournal::Open(*std::move(kept));
    if (opened.ok()) return std::shared_ptr(*std::move(opened));
    Log(LogLevel::kWarning, "{}", MessageOf(opened.status()));
  }
  SYSBOX_ASSIGN_OR_RETURN(std::shared_ptr<trap::InFlightJournal> journal,
                          trap::InFlightJournal::Create());
  SYSBOX_RETURN_IF_ERROR(vault.Hold(kJournalName, journal->memory()));
  return journal;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Interception>> Interception::Start(
    registry::DescriptorVault* vault,
    const std::vector<std::string>& allowed_mounts) {
  auto departed = std::make_shared<Departed>();
  SYSBOX_ASSIGN_OR_RETURN(departed->event, MakeEventFd());
  std::unique_ptr<Interception> interception(new Interception(
      vault, std::make_shared<ViewedHost>(allowed_mounts), departed));
  trap::DispatcherOptions options;
  if (vault != nullptr) {
    SYSBOX_ASSIGN_OR_RETURN(interception->journal_, OpenJournal(*vault));
    options.journal = interception->journal_;
  }
  options.on_gone = [departed](const std::string& name) {
    absl::MutexLock lock(&departed->mu);
    departed->names.push_back(name);
    (void)SignalEventFd(departed->event);  // full: it is readable already
  };
  SYSBOX_ASSIGN_OR_RETURN(
      interception->dispatcher_,
      trap::Dispatcher::Create(interception->host_, options));
  return interception;
}

absl::Status Interception::Watch(api::EventLoop* loop) {
  return loop
      ->Watch(departed_->event, EPOLLIN, [this](uint32_t) { ForgetDeparted(); })
      .status();
}

void Interception::ForgetDeparted() {
  std::vector<std::string> names;
  {
    absl::MutexLock lock(&departed_->mu);
    (void)DrainEventFd(departed_->event);  // EAGAIN: somebody was here
    names.swap(departed_->names);
  }
  for (const std::string& name : names) {
    const size_t dot = name.rfind('.');
    // "trap.SHORT_ID.NUMBER"
    const std::string id = name.substr(5, dot - 5);
    const auto number = ParseUint64(std::string_view(name).substr(dot + 1));
    auto found = numbers_.find(id);
    if (found != numbers_.end() && number) {
      found->second.erase(static_cast<int>(*number));
      if (found->second.empty()) numbers_.erase(found);
    }
    if (vault_ != nullptr) vault_->Drop(name);
  }
}

absl::Status Interception::Add(const registry::Container& container, int number,
                               Fd listener) {
  const registry::ContainerInit init = container.init();
  if (init.pid == 0) return FailedPrecondition("container is not active");
  trap::Container facts;
  facts.id = container.id();
  facts.rootfs = container.rootfs();
  facts.init = init.pid;
  facts.user_namespace = init.user_namespace;
  SYSBOX_ASSIGN_OR_RETURN(facts.init_start, StartTimeTicks(init.pid));
  return dispatcher_->Serve(facts, NameOf(facts.id, number),
                            std::move(listener));
}

absl::Status Interception::Serve(const registry::Container& container,
                                 std::shared_ptr<emu::ContainerView> view,
                                 Fd listener) {
  const std::string& id = container.id();
  ForgetDeparted();  // their numbers are free
  std::set<int>& taken = numbers_[registry::ShortId(id)];
  int number = 0;
  while (taken.contains(number)) ++number;
  const std::string name = NameOf(id, number);
  if (vault_ != nullptr && number < kMaxKept) {
    SYSBOX_RETURN_IF_ERROR(vault_->Hold(name, listener));
  }
  host_->Add(id, std::move(view));
  const absl::Status added = Add(container, number, std::move(listener));
  if (!added.ok()) {
    if (vault_ != nullptr) vault_->Drop(name);
    return added;
  }
  taken.insert(number);
  return absl::OkStatus();
}

void Interception::Resume(const registry::Container& container,
                          std::shared_ptr<emu::ContainerView> view) {
  if (vault_ == nullptr) return;
  const std::string& id = container.id();
  host_->Add(id, std::move(view));
  for (int number = 0; number < kMaxKept; ++number) {
    absl::StatusOr<Fd> listener = vault_->Take(NameOf(id, number));
    if (!listener.ok()) continue;
    numbers_[registry::ShortId(id)].insert(number);
    const absl::Status added = Add(container, number, *std::move(listener));
    if (added.ok()) continue;
    Log(LogLevel::kError, "{}: interception: {}", id, MessageOf(added));
  }
}

void Interception::Drop(const std::string& id) { host_->Remove(id); }

}  // namespace sysbox::fsd
