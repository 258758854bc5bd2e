#include "sysbox/linux/socket_steering.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>

#include "sysbox/base/status.h"

namespace sysbox {
namespace {

// bpf(2). Its attributes are zero where unused, or the kernel refuses them.
int Bpf(bpf_cmd command, bpf_attr* attributes) {
  return static_cast<int>(
      syscall(SYS_bpf, command, attributes, sizeof *attributes));
}

bpf_attr NoAttributes() {
  bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  return attributes;
}

constexpr uint32_t kUdp = 0, kTcp = 1;  // keys of the map

absl::StatusOr<Fd> MakeSocketMap() {
  bpf_attr attributes = NoAttributes();
  attributes.map_type = BPF_MAP_TYPE_SOCKMAP;
  attributes.key_size = sizeof(uint32_t);
  attributes.value_size = sizeof(uint64_t);
  attributes.max_entries = 2;
  Fd map(Bpf(BPF_MAP_CREATE, &attributes));
  if (map.valid()) return map;
  return ErrnoStatus(errno, "bpf BPF_MAP_CREATE");
}

absl::Status Put(FdRef map, uint32_t key, FdRef socket) {
  const uint64_t value = static_cast<uint64_t>(socket.get());
  bpf_attr attributes = NoAttributes();
  attributes.map_fd = static_cast<__u32>(map.get());
  attributes.key = reinterpret_cast<uintptr_t>(&key);
  attributes.value = reinterpret_cast<uintptr_t>(&value);
  if (Bpf(BPF_MAP_UPDATE_ELEM, &attributes) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, "bpf BPF_MAP_UPDATE_ELEM");
}

constexpr bpf_insn Instruction(int code, uint8_t to, uint8_t from,
                               int16_t offset, int32_t immediate) {
  return {static_cast<__u8>(code), to, from, offset, immediate};
}
constexpr bpf_insn Load(uint8_t to, size_t field) {
  return Instruction(BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_6,
                     static_cast<int16_t>(field), 0);
}
constexpr bpf_insn Set(uint8_t to, int32_t value) {
  return Instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}
constexpr bpf_insn Copy(uint8_t to, uint8_t from) {
  return Instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}
constexpr bpf_insn Call(int32_t helper) {
  return Instruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}
constexpr bpf_insn SkipUnless(uint8_t left, int32_t right, int16_t count) {
  return Instruction(BPF_JMP32 | BPF_JNE | BPF_K, left, 0, count, right);
}

// if (local_port == PORT && local_ip4 == ADDRESS)
//   if (socket = map[protocol == TCP ? 1 : 0]) sk_assign(socket);
// return SK_PASS;
auto MakeProgram(int32_t map, InetEndpoint local) {
  constexpr int16_t kToEnd = 23;
  return std::to_array<bpf_insn>({
      Copy(BPF_REG_6, BPF_REG_1),
      Load(BPF_REG_1, offsetof(bpf_sk_lookup, local_port)),
      SkipUnless(BPF_REG_1, local.port, kToEnd - 3),
      Load(BPF_REG_1, offsetof(bpf_sk_lookup, local_ip4)),
      SkipUnless(BPF_REG_1, static_cast<int32_t>(htonl(local.address)),
                 kToEnd - 5),
      Load(BPF_REG_1, offsetof(bpf_sk_lookup, protocol)),
      Set(BPF_REG_2, kUdp),
      SkipUnless(BPF_REG_1, IPPROTO_TCP, 1),
      Set(BPF_REG_2, kTcp),
      Instruction(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, BPF_REG_2, -4, 0),
      Instruction(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0,
                  map),
      Instruction(0, 0, 0, 0, 0),  // its second half
      Copy(BPF_REG_2, BPF_REG_10),
      Instruction(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
      Call(BPF_FUNC_map_lookup_elem),
      Instruction(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, kToEnd - 16, 0),
      Copy(BPF_REG_7, BPF_REG_0),
      Copy(BPF_REG_1, BPF_REG_6),
      Copy(BPF_REG_2, BPF_REG_7),
      Instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, 0),
      Call(BPF_FUNC_sk_assign),
      Copy(BPF_REG_1, BPF_REG_7),
      Call(BPF_FUNC_sk_release),
      Set(BPF_REG_0, SK_PASS),
      Instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
  });
}

absl::StatusOr<Fd> LoadProgram(FdRef map, InetEndpoint local) {
  static constexpr char kLicense[] = "Apache-2.0";
  static constexpr char kName[] = "sysbox_steer";
  static_assert(sizeof kName <= BPF_OBJ_NAME_LEN);
  const auto program = MakeProgram(map.get(), local);
  bpf_attr attributes = NoAttributes();
  attributes.prog_type = BPF_PROG_TYPE_SK_LOOKUP;
  attributes.expected_attach_type = BPF_SK_LOOKUP;
  attributes.insn_cnt = static_cast<__u32>(program.size());
  attributes.insns = reinterpret_cast<uintptr_t>(program.data());
  attributes.license = reinterpret_cast<uintptr_t>(kLicense);
  memcpy(attributes.prog_name, kName, sizeof kName);
  Fd loaded(Bpf(BPF_PROG_LOAD, &attributes));
  if (loaded.valid()) return loaded;
  return ErrnoStatus(errno, "bpf BPF_PROG_LOAD of sk_lookup");
}

}  // namespace

absl::StatusOr<Fd> SteerToSockets(FdRef network_namespace, InetEndpoint local,
                                  FdRef udp, FdRef tcp) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd map, MakeSocketMap());
  SYSBOX_RETURN_IF_ERROR(Put(map, kUdp, udp));
  SYSBOX_RETURN_IF_ERROR(Put(map, kTcp, tcp));
  SYSBOX_ASSIGN_OR_RETURN(const Fd program, LoadProgram(map, local));
  bpf_attr attributes = NoAttributes();
  attributes.link_create.prog_fd = static_cast<__u32>(program.get());
  attributes.link_create.target_fd =
      static_cast<__u32>(network_namespace.get());
  attributes.link_create.attach_type = BPF_SK_LOOKUP;
  Fd link(Bpf(BPF_LINK_CREATE, &attributes));
  if (link.valid()) return link;
  return ErrnoStatus(errno, "bpf BPF_LINK_CREATE");
}

absl::Status ProbeSocketSteering() {
  SYSBOX_ASSIGN_OR_RETURN(const Fd map, MakeSocketMap());
  return LoadProgram(map, {0x7f000001, 53}).status();
}

}  // namespace sysbox
