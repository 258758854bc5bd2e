/* What takes the place of three functions of glibc 2.36's libc-start.o, which
   ask the processor again and again how large its caches are: for x86-64,
   position-independent, with the registers and stack of the originals'
   callers. start_object.sh knows where each goes, and that it fits. */

/* sysconf.h's _SC_LEVEL1_ICACHE_SIZE is 185, _SC_LEVEL4_CACHE_LINESIZE 199;
   size, associativity and line size of: instructions, data, second level,
   third level, fourth level. */
.macro sizes third:vararg
	.long 32768, 8, 64
	.long 32768, 8, 64
	.long 524288, 8, 64
	.long \third
	.long 0, 0, 0
.endm

.macro look_up table
	leal -185(%rdi), %eax
	cmpl $14, %eax
	ja 1f
	leaq \table(%rip), %rdx
	movl (%rdx,%rax,4), %eax
	ret
1:	xorl %eax, %eax
	ret
.endm

/* long handle_amd(int name): from its beginning. No third level: glibc would
   ask three more times who shares it. The linker writes into the gap, where
   the original has relocations. */
.section .handle_amd, "ax", @progbits
	look_up 2f
	.org 0xd0
2:	sizes 0, 0, 0

/* long handle_intel(int name): behind its "if (maxidx < 2) return -1;". */
.section .handle_intel, "ax", @progbits
	look_up 2f
2:	sizes 1048576, 16, 64

/* void get_common_cache_info(long* shared, unsigned* threads, long core): what
   is in `shared` is one thread's share already. */
.section .get_common_cache_info, "ax", @progbits
	ret

.section .note.GNU-stack, "", @progbits
