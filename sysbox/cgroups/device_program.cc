#include "sysbox/cgroups/device_program.h"

#include <linux/bpf.h>

#include <cstddef>
#include <cstring>
#include <optional>

#include "fmt/format.h"

namespace sysbox::cgroups {
namespace {

// bpf_prog_type_cgroup_device's context arrives in r1.
constexpr int kReturn = BPF_REG_0;
constexpr int kContext = BPF_REG_1;
constexpr int kType = BPF_REG_2;
constexpr int kAccess = BPF_REG_3;
constexpr int kMajor = BPF_REG_4;
constexpr int kMinor = BPF_REG_5;
constexpr int kScratch = kContext;  // free once all fields are loaded

static_assert(kDeviceMknod == BPF_DEVCG_ACC_MKNOD &&
              kDeviceRead == BPF_DEVCG_ACC_READ &&
              kDeviceWrite == BPF_DEVCG_ACC_WRITE);

struct Instruction {
  int code;
  int to;
  int from;
  int16_t offset;
  uint32_t value;
};

uint64_t Encode(const Instruction& instruction) {
  bpf_insn raw = {};
  raw.code = static_cast<uint8_t>(instruction.code);
  raw.dst_reg = instruction.to & 0xf;
  raw.src_reg = instruction.from & 0xf;
  raw.off = instruction.offset;
  raw.imm = static_cast<int32_t>(instruction.value);
  uint64_t word;
  static_assert(sizeof(word) == sizeof(raw));
  std::memcpy(&word, &raw, sizeof(word));
  return word;
}

Instruction Load(int to, size_t offset) {
  return {BPF_LDX | BPF_MEM | BPF_W, to, kContext, static_cast<int16_t>(offset),
          0};
}
Instruction Operate(int operation, int to, uint32_t value) {
  return {BPF_ALU | operation | BPF_K, to, 0, 0, value};
}
Instruction Copy(int to, int from) {
  return {BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0};
}
// `skip` instructions are jumped over.
Instruction JumpIf(int comparison, int left, uint32_t right, int skip) {
  return {BPF_JMP32 | comparison | BPF_K, left, 0, static_cast<int16_t>(skip),
          right};
}
Instruction JumpIfDiffers(int left, int right, int skip) {
  return {BPF_JMP32 | BPF_JNE | BPF_X, left, right, static_cast<int16_t>(skip),
          0};
}
constexpr Instruction kExit = {BPF_JMP | BPF_EXIT, 0, 0, 0, 0};

void AppendProlog(std::vector<Instruction>* program) {
  // access_type is (access << 16) | type.
  program->insert(program->end(),
                  {Load(kType, offsetof(bpf_cgroup_dev_ctx, access_type)),
                   Copy(kAccess, kType), Operate(BPF_AND, kType, 0xffff),
                   Operate(BPF_RSH, kAccess, 16),
                   Load(kMajor, offsetof(bpf_cgroup_dev_ctx, major)),
                   Load(kMinor, offsetof(bpf_cgroup_dev_ctx, minor))});
}

// The verdict of one exception, or on to the next.
void AppendException(const DeviceName& name, int access, bool allow,
                     std::vector<Instruction>* program) {
  // Built backwards in thought: every mismatch jumps behind the last one.
  std::vector<Instruction> block;
  block.push_back(
      JumpIf(BPF_JNE, kType,
             name.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, 0));
  if (access != kDeviceAll) {
    block.push_back(Copy(kScratch, kAccess));
    block.push_back(Operate(BPF_AND, kScratch, static_cast<uint32_t>(access)));
    // Allowing needs all of what is asked for, denying any of it.
    block.push_back(allow ? JumpIfDiffers(kScratch, kAccess, 0)
                          : JumpIf(BPF_JEQ, kScratch, 0, 0));
  }
  if (name.major != kAnyDevice) {
    block.push_back(
        JumpIf(BPF_JNE, kMajor, static_cast<uint32_t>(name.major), 0));
  }
  if (name.minor != kAnyDevice) {
    block.push_back(
        JumpIf(BPF_JNE, kMinor, static_cast<uint32_t>(name.minor), 0));
  }
  block.push_back(Operate(BPF_MOV, kReturn, allow ? 1 : 0));
  block.push_back(kExit);
  for (size_t i = 0; i < block.size(); ++i) {
    const bool jumps = BPF_CLASS(block[i].code) == BPF_JMP32;
    if (jumps) block[i].offset = static_cast<int16_t>(block.size() - i - 1);
  }
  program->insert(program->end(), block.begin(), block.end());
}

const char* OperatorText(int code) {
  switch (BPF_OP(code)) {
    case BPF_AND:
      return "&=";
    case BPF_RSH:
      return ">>=";
    default:
      return "=";
  }
}

std::string Describe(const bpf_insn& insn, size_t index) {
  const std::string to = fmt::format("w{}", +insn.dst_reg);
  const std::string operand = BPF_SRC(insn.code) == BPF_X
                                  ? fmt::format("w{}", +insn.src_reg)
                                  : fmt::format("{}", insn.imm);
  switch (BPF_CLASS(insn.code)) {
    case BPF_LDX:
      return fmt::format("{} = [r{} + {}]", to, +insn.src_reg, insn.off);
    case BPF_ALU:
      return fmt::format("{} {} {}", to, OperatorText(insn.code), operand);
    case BPF_JMP32:
      return fmt::format("if {} {} {} goto {}", to,
                         BPF_OP(insn.code) == BPF_JEQ ? "==" : "!=", operand,
                         index + 1 + insn.off);
    case BPF_JMP:
      return "exit";
    default:
      return fmt::format("code {:#x}", insn.code);
  }
}

}  // namespace

std::vector<uint64_t> DeviceProgram(const DeviceList& list) {
  std::vector<Instruction> program;
  AppendProlog(&program);
  for (const auto& [name, access] : list.exceptions) {
    AppendException(name, access, !list.default_allow, &program);
  }
  program.push_back(Operate(BPF_MOV, kReturn, list.default_allow ? 1 : 0));
  program.push_back(kExit);
  std::vector<uint64_t> words;
  words.reserve(program.size());
  for (const Instruction& instruction : program) {
    words.push_back(Encode(instruction));
  }
  return words;
}

std::string DescribeDeviceProgram(absl::Span<const uint64_t> program) {
  std::string text;
  for (size_t i = 0; i < program.size(); ++i) {
    bpf_insn insn;
    std::memcpy(&insn, &program[i], sizeof(insn));
    text += fmt::format("{:3}: {}\n", i, Describe(insn, i));
  }
  return text;
}

}  // namespace sysbox::cgroups
