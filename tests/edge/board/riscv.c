/* riscv.c - start-up of a bare RISC-V under QEMU, and an end whose code QEMU passes on */

#include <stdint.h>

extern uint32_t __bss_start, __bss_end;
int main(void);
void begin(void);

static void end(uint32_t code)
{
    const uint32_t block[2] = { 0x20026, code };
    register uint32_t operation __asm__("a0") = 0x20;
    register const void *argument __asm__("a1") = block;

    /* The mark of a semihosting call: three instructions of four bytes in one page. */
    __asm__ volatile(".balign 16\n.option push\n.option norvc\nslli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                     : "+r"(operation) : "r"(argument) : "memory");
    for (;;) continue;
}

/* Faults come here, too: the address is a multiple of four. */
__attribute__((used, aligned(4))) static void fault(void) { end(99); }

__attribute__((used)) static void start(void)
{
    for (uint32_t *to = &__bss_start; to < &__bss_end;) *to++ = 0;
    end((uint32_t)main());
}

__attribute__((naked, section(".begin"))) void begin(void)
{
    __asm__ volatile("la sp, __stack\n"
                     ".option push\n.option norelax\nla gp, __global_pointer$\n.option pop\n"
                     ".option push\n.option arch, +zicsr\nla t0, fault\ncsrw mtvec, t0\n.option pop\n"
                     "j start");
}
