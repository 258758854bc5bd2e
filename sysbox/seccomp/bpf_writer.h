// Writes a classic BPF program from its last instruction to its first. BPF
// jumps only forward, so every target exists before the jump to it and its
// distance is known; a target beyond a conditional jump's 255 instructions is
// reached through an unconditional one put in between.
#ifndef SYSBOX_SECCOMP_BPF_WRITER_H_
#define SYSBOX_SECCOMP_BPF_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sysbox::seccomp {

class BpfWriter {
 public:
  // An instruction already written.
  using Label = size_t;

  BpfWriter() { reversed_.reserve(512); }

  // `return action`; an earlier one is used again while within reach.
  Label Return(uint32_t action);
  // A = word at `offset` of struct seccomp_data; goes on at `next`.
  Label Load(uint32_t offset, Label next);
  // A &= mask; goes on at `next`.
  Label And(uint32_t mask, Label next);
  // `code` is BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET: of A with `k`.
  Label Jump(uint16_t code, uint32_t k, Label if_true, Label if_false);

  size_t size() const { return reversed_.size(); }

  // The program, first instruction first, each as the 8 bytes of a struct
  // sock_filter. `entry` must be the instruction written last.
  std::vector<uint64_t> Finish(Label entry);

 private:
  Label Append(uint16_t code, uint8_t jt, uint8_t jf, uint32_t k);
  // Instructions between the next one to be written and `target`.
  size_t Distance(Label target) const { return size() - target - 1; }
  // `target`, or a jump to it near enough for a conditional jump.
  Label Reachable(Label target);
  // Makes `target` the instruction that follows the next one to be written.
  void FallInto(Label target);

  std::vector<uint64_t> reversed_;
  std::vector<std::pair<uint32_t, Label>> returns_;  // nearest, by action
};

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_BPF_WRITER_H_
