/* SPDX-License-Identifier: BSD-3-Clause */
/* Ends with an offence, by which the hypervisor must stop this VM and no other. OFFENCE says which.
 */
#include <guest.h>

#define OFFENCE_LOAD  1 /* reads an address that it does not have */
#define OFFENCE_JUMP  2 /* goes there */
#define OFFENCE_FP    3 /* uses registers that are not there */
#define OFFENCE_TIMER 4 /* and a timer */
#define OFFENCE_PAIR  5 /* writes to the console in a way that the hypervisor need not know */
#define OFFENCE_GIC   6 /* looks at the interrupts of a vCPU that it does not have */
#define OFFENCE_FLY   8 /* goes there, and comes back again and again, so it says nothing */
#define OFFENCE_LAST  7 /* none: its only vCPU goes off without stopping the VM */

#define PSCI_CPU_OFF 0x84000002u

static void offend(void)
{
#if OFFENCE == OFFENCE_LOAD
    /* The console's page is mapped; what follows it is, to stage 1, the same device. */
    volatile uint32_t *uart = (volatile uint32_t *)(uintptr_t)0x09000000;

    guest_print("the flag register is %#x", uart[6]);
    (void)uart[0x1000 / 4];
#elif OFFENCE == OFFENCE_JUMP || OFFENCE == OFFENCE_FLY
    ((void (*)(void))(uintptr_t)0x20180000)();
#elif OFFENCE == OFFENCE_FP
    __asm__ volatile("msr cpacr_el1, %0; isb; .inst 0x9e6703e0" /* fmov d0, xzr */
                     ::"r"(UINT64_C(3) << 20));
#elif OFFENCE == OFFENCE_TIMER
    __asm__ volatile("msr cntp_ctl_el0, xzr");
#elif OFFENCE == OFFENCE_GIC
    volatile uint32_t *redistributors = (volatile uint32_t *)(uintptr_t)0x080a0000;

    guest_print("its redistributor's type is %#x", redistributors[2]);
    (void)redistributors[0x20000 / 4];
#elif OFFENCE == OFFENCE_PAIR
    __asm__ volatile("stp wzr, wzr, [%0]" ::"r"((uintptr_t)0x09000000));
#elif OFFENCE == OFFENCE_LAST
    struct guest_regs regs = {{PSCI_CPU_OFF}};

    guest_expect(true);
    guest_print("goes off, and nobody is left");
    ffa_call(&regs);
#endif
}

void guest_main(void)
{
    if (OFFENCE != OFFENCE_FLY) {
        guest_print("is about to offend");
    }
    offend();
    guest_print("BROKEN: nobody stopped it");
    guest_expect(false);
}
