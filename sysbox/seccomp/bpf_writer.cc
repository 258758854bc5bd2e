#include "sysbox/seccomp/bpf_writer.h"

#include <linux/filter.h>

#include <bit>

namespace sysbox::seccomp {
namespace {

// A conditional jump reaches 255 instructions; 2 are spare for the
// unconditional jumps that may be put in before it.
constexpr size_t kReach = 253;

struct Instruction {
  uint16_t code;
  uint8_t jt;
  uint8_t jf;
  uint32_t k;
};
static_assert(sizeof(Instruction) == sizeof(sock_filter));

}  // namespace

BpfWriter::Label BpfWriter::Append(uint16_t code, uint8_t jt, uint8_t jf,
                                   uint32_t k) {
  reversed_.push_back(std::bit_cast<uint64_t>(Instruction{code, jt, jf, k}));
  return size() - 1;
}

void BpfWriter::FallInto(Label target) {
  if (Distance(target) == 0) return;
  Append(BPF_JMP | BPF_JA, 0, 0, static_cast<uint32_t>(Distance(target)));
}

BpfWriter::Label BpfWriter::Reachable(Label target) {
  if (Distance(target) <= kReach) return target;
  FallInto(target);
  return size() - 1;
}

BpfWriter::Label BpfWriter::Return(uint32_t action) {
  for (auto& [known, label] : returns_) {
    if (known != action) continue;
    if (Distance(label) > kReach) label = Append(BPF_RET, 0, 0, action);
    return label;
  }
  returns_.emplace_back(action, Append(BPF_RET, 0, 0, action));
  return returns_.back().second;
}

BpfWriter::Label BpfWriter::Load(uint32_t offset, Label next) {
  FallInto(next);
  return Append(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

BpfWriter::Label BpfWriter::And(uint32_t mask, Label next) {
  FallInto(next);
  return Append(BPF_ALU | BPF_AND, 0, 0, mask);
}

BpfWriter::Label BpfWriter::Jump(uint16_t code, uint32_t k, Label if_true,
                                 Label if_false) {
  const Label yes = Reachable(if_true);
  const Label no = Reachable(if_false);
  return Append(BPF_JMP | code | BPF_K, static_cast<uint8_t>(Distance(yes)),
                static_cast<uint8_t>(Distance(no)), k);
}

std::vector<uint64_t> BpfWriter::Finish(Label entry) {
  FallInto(entry);
  return {reversed_.rbegin(), reversed_.rend()};
}

}  // namespace sysbox::seccomp
