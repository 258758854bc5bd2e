// The tables of fields behind spec_json.h, for whoever puts a part of
// config.json into a file or message of his own. Order and omission follow
// the runtime-spec's Go structs, so that what we write compares with runc's.
// Required is only what has no harmless default; validate.h checks the rest.
#ifndef SYSBOX_OCI_SPEC_FIELDS_H_
#define SYSBOX_OCI_SPEC_FIELDS_H_

#include <tuple>

#include "sysbox/json/codec.h"
#include "sysbox/oci/spec.h"

namespace sysbox {

template <>
struct json::Fields<oci::ConsoleSize> {
  static constexpr auto kTable =
      std::make_tuple(Always("height", &oci::ConsoleSize::height),
                      Always("width", &oci::ConsoleSize::width));
};

template <>
struct json::Fields<oci::User> {
  static constexpr auto kTable = std::make_tuple(
      Always("uid", &oci::User::uid), Always("gid", &oci::User::gid),
      Optional("umask", &oci::User::umask),
      Optional("additionalGids", &oci::User::additional_gids),
      Optional("username", &oci::User::username));
};

template <>
struct json::Fields<oci::Capabilities> {
  static constexpr auto kTable =
      std::make_tuple(Optional("bounding", &oci::Capabilities::bounding),
                      Optional("effective", &oci::Capabilities::effective),
                      Optional("inheritable", &oci::Capabilities::inheritable),
                      Optional("permitted", &oci::Capabilities::permitted),
                      Optional("ambient", &oci::Capabilities::ambient));
};

template <>
struct json::Fields<oci::Rlimit> {
  static constexpr auto kTable =
      std::make_tuple(Required("type", &oci::Rlimit::type),
                      Required("hard", &oci::Rlimit::hard),
                      Required("soft", &oci::Rlimit::soft));
};

template <>
struct json::Fields<oci::Scheduler> {
  static constexpr auto kTable =
      std::make_tuple(Required("policy", &oci::Scheduler::policy),
                      Optional("nice", &oci::Scheduler::nice),
                      Optional("priority", &oci::Scheduler::priority),
                      Optional("flags", &oci::Scheduler::flags),
                      Optional("runtime", &oci::Scheduler::runtime),
                      Optional("deadline", &oci::Scheduler::deadline),
                      Optional("period", &oci::Scheduler::period));
};

template <>
struct json::Fields<oci::IoPriority> {
  static constexpr auto kTable =
      std::make_tuple(Required("class", &oci::IoPriority::io_class),
                      Always("priority", &oci::IoPriority::priority));
};

template <>
struct json::Fields<oci::Process> {
  static constexpr auto kTable = std::make_tuple(
      Optional("terminal", &oci::Process::terminal),
      Optional("consoleSize", &oci::Process::console_size),
      Always("user", &oci::Process::user),
      Optional("args", &oci::Process::args),
      Optional("env", &oci::Process::env), Required("cwd", &oci::Process::cwd),
      Optional("capabilities", &oci::Process::capabilities),
      Optional("rlimits", &oci::Process::rlimits),
      Optional("noNewPrivileges", &oci::Process::no_new_privileges),
      Optional("apparmorProfile", &oci::Process::apparmor_profile),
      Optional("oomScoreAdj", &oci::Process::oom_score_adj),
      Optional("scheduler", &oci::Process::scheduler),
      Optional("selinuxLabel", &oci::Process::selinux_label),
      Optional("ioPriority", &oci::Process::io_priority));
};

template <>
struct json::Fields<oci::Root> {
  static constexpr auto kTable =
      std::make_tuple(Required("path", &oci::Root::path),
                      Optional("readonly", &oci::Root::readonly));
};

template <>
struct json::Fields<oci::IdMapping> {
  static constexpr auto kTable =
      std::make_tuple(Always("containerID", &oci::IdMapping::container_id),
                      Always("hostID", &oci::IdMapping::host_id),
                      Required("size", &oci::IdMapping::size));
};

template <>
struct json::Fields<oci::Mount> {
  static constexpr auto kTable =
      std::make_tuple(Required("destination", &oci::Mount::destination),
                      Optional("type", &oci::Mount::type),
                      Optional("source", &oci::Mount::source),
                      Optional("options", &oci::Mount::options),
                      Optional("uidMappings", &oci::Mount::uid_mappings),
                      Optional("gidMappings", &oci::Mount::gid_mappings));
};

template <>
struct json::Fields<oci::Hook> {
  static constexpr auto kTable = std::make_tuple(
      Required("path", &oci::Hook::path), Optional("args", &oci::Hook::args),
      Optional("env", &oci::Hook::env),
      Optional("timeout", &oci::Hook::timeout));
};

template <>
struct json::Fields<oci::Hooks> {
  static constexpr auto kTable = std::make_tuple(
      Optional("prestart", &oci::Hooks::prestart),
      Optional("createRuntime", &oci::Hooks::create_runtime),
      Optional("createContainer", &oci::Hooks::create_container),
      Optional("startContainer", &oci::Hooks::start_container),
      Optional("poststart", &oci::Hooks::poststart),
      Optional("poststop", &oci::Hooks::poststop));
};

template <>
struct json::Fields<oci::Namespace> {
  static constexpr auto kTable =
      std::make_tuple(Required("type", &oci::Namespace::type),
                      Optional("path", &oci::Namespace::path));
};

template <>
struct json::Fields<oci::Device> {
  static constexpr auto kTable = std::make_tuple(
      Required("path", &oci::Device::path),
      Required("type", &oci::Device::type),
      Always("major", &oci::Device::major),
      Always("minor", &oci::Device::minor),
      Optional("fileMode", &oci::Device::file_mode),
      Optional("uid", &oci::Device::uid), Optional("gid", &oci::Device::gid));
};

template <>
struct json::Fields<oci::DeviceRule> {
  static constexpr auto kTable =
      std::make_tuple(Always("allow", &oci::DeviceRule::allow),
                      Optional("type", &oci::DeviceRule::type),
                      Optional("major", &oci::DeviceRule::major),
                      Optional("minor", &oci::DeviceRule::minor),
                      Optional("access", &oci::DeviceRule::access));
};

template <>
struct json::Fields<oci::Memory> {
  static constexpr auto kTable = std::make_tuple(
      Optional("limit", &oci::Memory::limit),
      Optional("reservation", &oci::Memory::reservation),
      Optional("swap", &oci::Memory::swap),
      Optional("kernel", &oci::Memory::kernel),
      Optional("kernelTCP", &oci::Memory::kernel_tcp),
      Optional("swappiness", &oci::Memory::swappiness),
      Optional("disableOOMKiller", &oci::Memory::disable_oom_killer),
      Optional("useHierarchy", &oci::Memory::use_hierarchy),
      Optional("checkBeforeUpdate", &oci::Memory::check_before_update));
};

template <>
struct json::Fields<oci::Cpu> {
  static constexpr auto kTable = std::make_tuple(
      Optional("shares", &oci::Cpu::shares),
      Optional("quota", &oci::Cpu::quota), Optional("burst", &oci::Cpu::burst),
      Optional("period", &oci::Cpu::period),
      Optional("realtimeRuntime", &oci::Cpu::realtime_runtime),
      Optional("realtimePeriod", &oci::Cpu::realtime_period),
      Optional("cpus", &oci::Cpu::cpus), Optional("mems", &oci::Cpu::mems),
      Optional("idle", &oci::Cpu::idle));
};

template <>
struct json::Fields<oci::Pids> {
  static constexpr auto kTable =
      std::make_tuple(Always("limit", &oci::Pids::limit));
};

template <>
struct json::Fields<oci::WeightDevice> {
  static constexpr auto kTable =
      std::make_tuple(Required("major", &oci::WeightDevice::major),
                      Required("minor", &oci::WeightDevice::minor),
                      Optional("weight", &oci::WeightDevice::weight),
                      Optional("leafWeight", &oci::WeightDevice::leaf_weight));
};

template <>
struct json::Fields<oci::ThrottleDevice> {
  static constexpr auto kTable =
      std::make_tuple(Required("major", &oci::ThrottleDevice::major),
                      Required("minor", &oci::ThrottleDevice::minor),
                      Required("rate", &oci::ThrottleDevice::rate));
};

template <>
struct json::Fields<oci::BlockIo> {
  static constexpr auto kTable =
      std::make_tuple(Optional("weight", &oci::BlockIo::weight),
                      Optional("leafWeight", &oci::BlockIo::leaf_weight),
                      Optional("weightDevice", &oci::BlockIo::weight_device),
                      Optional("throttleReadBpsDevice",
                               &oci::BlockIo::throttle_read_bps_device),
                      Optional("throttleWriteBpsDevice",
                               &oci::BlockIo::throttle_write_bps_device),
                      Optional("throttleReadIOPSDevice",
                               &oci::BlockIo::throttle_read_iops_device),
                      Optional("throttleWriteIOPSDevice",
                               &oci::BlockIo::throttle_write_iops_device));
};

template <>
struct json::Fields<oci::HugepageLimit> {
  static constexpr auto kTable =
      std::make_tuple(Required("pageSize", &oci::HugepageLimit::page_size),
                      Required("limit", &oci::HugepageLimit::limit));
};

template <>
struct json::Fields<oci::InterfacePriority> {
  static constexpr auto kTable =
      std::make_tuple(Required("name", &oci::InterfacePriority::name),
                      Always("priority", &oci::InterfacePriority::priority));
};

template <>
struct json::Fields<oci::NetworkResources> {
  static constexpr auto kTable = std::make_tuple(
      Optional("classID", &oci::NetworkResources::class_id),
      Optional("priorities", &oci::NetworkResources::priorities));
};

template <>
struct json::Fields<oci::RdmaLimit> {
  static constexpr auto kTable =
      std::make_tuple(Optional("hcaHandles", &oci::RdmaLimit::hca_handles),
                      Optional("hcaObjects", &oci::RdmaLimit::hca_objects));
};

template <>
struct json::Fields<oci::Resources> {
  static constexpr auto kTable = std::make_tuple(
      Optional("devices", &oci::Resources::devices),
      Optional("memory", &oci::Resources::memory),
      Optional("cpu", &oci::Resources::cpu),
      Optional("pids", &oci::Resources::pids),
      Optional("blockIO", &oci::Resources::block_io),
      Optional("hugepageLimits", &oci::Resources::hugepage_limits),
      Optional("network", &oci::Resources::network),
      Optional("rdma", &oci::Resources::rdma),
      Optional("unified", &oci::Resources::unified));
};

template <>
struct json::Fields<oci::SyscallArg> {
  static constexpr auto kTable =
      std::make_tuple(Always("index", &oci::SyscallArg::index),
                      Always("value", &oci::SyscallArg::value),
                      Optional("valueTwo", &oci::SyscallArg::value_two),
                      Required("op", &oci::SyscallArg::op));
};

template <>
struct json::Fields<oci::SyscallRule> {
  static constexpr auto kTable =
      std::make_tuple(Required("names", &oci::SyscallRule::names),
                      Required("action", &oci::SyscallRule::action),
                      Optional("errnoRet", &oci::SyscallRule::errno_ret),
                      Optional("args", &oci::SyscallRule::args));
};

template <>
struct json::Fields<oci::Seccomp> {
  static constexpr auto kTable = std::make_tuple(
      Required("defaultAction", &oci::Seccomp::default_action),
      Optional("defaultErrnoRet", &oci::Seccomp::default_errno_ret),
      Optional("architectures", &oci::Seccomp::architectures),
      Optional("flags", &oci::Seccomp::flags),
      Optional("listenerPath", &oci::Seccomp::listener_path),
      Optional("listenerMetadata", &oci::Seccomp::listener_metadata),
      Optional("syscalls", &oci::Seccomp::syscalls));
};

template <>
struct json::Fields<oci::Personality> {
  static constexpr auto kTable =
      std::make_tuple(Required("domain", &oci::Personality::domain),
                      Optional("flags", &oci::Personality::flags));
};

template <>
struct json::Fields<oci::TimeOffset> {
  static constexpr auto kTable =
      std::make_tuple(Optional("secs", &oci::TimeOffset::secs),
                      Optional("nanosecs", &oci::TimeOffset::nanosecs));
};

template <>
struct json::Fields<oci::IntelRdt> {
  static constexpr auto kTable = std::make_tuple(
      Optional("closID", &oci::IntelRdt::clos_id),
      Optional("l3CacheSchema", &oci::IntelRdt::l3_cache_schema),
      Optional("memBwSchema", &oci::IntelRdt::mem_bw_schema),
      Optional("enableCMT", &oci::IntelRdt::enable_cmt),
      Optional("enableMBM", &oci::IntelRdt::enable_mbm));
};

template <>
struct json::Fields<oci::Linux> {
  static constexpr auto kTable = std::make_tuple(
      Optional("uidMappings", &oci::Linux::uid_mappings),
      Optional("gidMappings", &oci::Linux::gid_mappings),
      Optional("sysctl", &oci::Linux::sysctl),
      Optional("resources", &oci::Linux::resources),
      Optional("cgroupsPath", &oci::Linux::cgroups_path),
      Optional("namespaces", &oci::Linux::namespaces),
      Optional("devices", &oci::Linux::devices),
      Optional("seccomp", &oci::Linux::seccomp),
      Optional("rootfsPropagation", &oci::Linux::rootfs_propagation),
      Optional("maskedPaths", &oci::Linux::masked_paths),
      Optional("readonlyPaths", &oci::Linux::readonly_paths),
      Optional("mountLabel", &oci::Linux::mount_label),
      Optional("intelRdt", &oci::Linux::intel_rdt),
      Optional("personality", &oci::Linux::personality),
      Optional("timeOffsets", &oci::Linux::time_offsets));
};

template <>
struct json::Fields<oci::Spec> {
  static constexpr auto kTable =
      std::make_tuple(Required("ociVersion", &oci::Spec::oci_version),
                      Optional("process", &oci::Spec::process),
                      Optional("root", &oci::Spec::root),
                      Optional("hostname", &oci::Spec::hostname),
                      Optional("domainname", &oci::Spec::domainname),
                      Optional("mounts", &oci::Spec::mounts),
                      Optional("hooks", &oci::Spec::hooks),
                      Optional("annotations", &oci::Spec::annotations),
                      Optional("linux", &oci::Spec::linux));
};

// Instantiated once, in spec_json.cc.
extern template struct json::Codec<oci::Process>;
extern template struct json::Codec<oci::Resources>;
extern template struct json::Codec<oci::Spec>;

}  // namespace sysbox

#endif  // SYSBOX_OCI_SPEC_FIELDS_H_
