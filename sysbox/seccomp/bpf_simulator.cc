#include "sysbox/seccomp/bpf_simulator.h"

#include <linux/filter.h>

#include <cstring>
#include <string_view>

#include "fmt/format.h"

namespace sysbox::seccomp {
namespace {

sock_filter At(absl::Span<const uint64_t> program, size_t index) {
  sock_filter instruction;
  std::memcpy(&instruction, &program[index], sizeof(instruction));
  return instruction;
}

// Empty if the instruction at `index` is valid there.
std::string WhyInvalidAt(absl::Span<const uint64_t> program, size_t index) {
  const sock_filter in = At(program, index);
  const size_t left = program.size() - index - 1;
  switch (in.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      if (in.k % 4 != 0 || in.k >= sizeof(seccomp_data)) return "load offset";
      return left > 0 ? "" : "last is no return";
    case BPF_ALU | BPF_AND | BPF_K:
      return left > 0 ? "" : "last is no return";
    case BPF_JMP | BPF_JA:
      return in.k < left ? "" : "jump out of program";
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
      return in.jt < left && in.jf < left ? "" : "jump out of program";
    case BPF_RET | BPF_K:
      return "";
    default:
      return fmt::format("code {:#x}", in.code);
  }
}

std::string_view Sign(uint16_t code) {
  switch (BPF_OP(code)) {
    case BPF_JEQ:
      return "==";
    case BPF_JGE:
      return ">=";
    case BPF_JGT:
      return ">";
    default:
      return "&";
  }
}

std::string DisassembleAt(const sock_filter& in, size_t index) {
  switch (BPF_CLASS(in.code)) {
    case BPF_LD:
      return fmt::format("{}: load {}", index, in.k);
    case BPF_ALU:
      return fmt::format("{}: A &= {:#x}", index, in.k);
    case BPF_JMP:
      if (BPF_OP(in.code) == BPF_JA) {
        return fmt::format("{}: go to {}", index, index + 1 + in.k);
      }
      return fmt::format("{}: A {} {:#x} ? {} : {}", index, Sign(in.code), in.k,
                         index + 1 + in.jt, index + 1 + in.jf);
    default:
      return fmt::format("{}: return {:#x}", index, in.k);
  }
}

bool Holds(const sock_filter& in, uint32_t a) {
  switch (BPF_OP(in.code)) {
    case BPF_JEQ:
      return a == in.k;
    case BPF_JGE:
      return a >= in.k;
    case BPF_JGT:
      return a > in.k;
    default:
      return (a & in.k) != 0;
  }
}

}  // namespace

std::string WhyInvalid(absl::Span<const uint64_t> program) {
  if (program.empty() || program.size() > BPF_MAXINSNS) return "length";
  for (size_t i = 0; i < program.size(); ++i) {
    const std::string why = WhyInvalidAt(program, i);
    if (!why.empty()) return fmt::format("instruction {}: {}", i, why);
  }
  return "";
}

std::string Disassemble(absl::Span<const uint64_t> program) {
  std::string text;
  for (size_t i = 0; i < program.size(); ++i) {
    text += DisassembleAt(At(program, i), i) + "\n";
  }
  return text;
}

uint32_t Simulate(absl::Span<const uint64_t> program,
                  const seccomp_data& data) {
  uint32_t a = 0;
  for (size_t pc = 0;; ++pc) {
    const sock_filter in = At(program, pc);
    switch (BPF_CLASS(in.code)) {
      case BPF_LD:
        std::memcpy(&a, reinterpret_cast<const char*>(&data) + in.k, sizeof(a));
        break;
      case BPF_ALU:
        a &= in.k;
        break;
      case BPF_JMP:
        pc += BPF_OP(in.code) == BPF_JA ? in.k : Holds(in, a) ? in.jt : in.jf;
        break;
      default:
        return in.k;
    }
  }
}

}  // namespace sysbox::seccomp
