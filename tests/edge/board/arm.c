/* arm.c - start-up of a bare Cortex-M under QEMU: memory, faults, and an end whose code QEMU passes on */

#include <stdint.h>

extern uint32_t __stack, __data_load, __data_start, __data_end, __bss_start, __bss_end;
int main(void);

static void end(uint32_t code)
{
    const uint32_t block[2] = { 0x20026, code };                    /* ADP_Stopped_ApplicationExit */
    register uint32_t operation __asm__("r0") = 0x20;               /* SYS_EXIT_EXTENDED           */
    register const void *argument __asm__("r1") = block;

    __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
    for (;;) continue;
}

static void fault(void) { end(99); }

static void start(void)
{
    const uint32_t *from = &__data_load;

#if defined __ARM_FP
    *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20;                /* CPACR: the FPU is on        */
    __asm__ volatile("dsb\n isb");
#endif
    for (uint32_t *to = &__data_start; to < &__data_end;) *to++ = *from++;
    for (uint32_t *to = &__bss_start; to < &__bss_end;) *to++ = 0;
    end((uint32_t)main());
}

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void    (*handler[15])(void);
} vectors = { &__stack, { start, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault } };
