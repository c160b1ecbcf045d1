/* SPDX-License-Identifier: BSD-3-Clause */
/* Notifications, and the physical interrupt that tells of them. */
#include "payload.h"

#include "../../partitions/commands.h"
#include "../../partitions/partitions.h"

#define ECHO PARTITION_ECHO_ID

#define GLOBAL_BIT   (1ull << 40)
#define PER_VCPU_BIT (1ull << 3)

static unsigned int sri;

static uint64_t bind(uint64_t flags, uint64_t bits)
{
    uint64_t regs[REGS];

    ffa_7(regs, (const uint64_t[]){FFA_NOTIFICATION_BIND, ffa_ids_make(ECHO, TEST_VM), flags,
                                   ffa_handle_low(bits), ffa_handle_high(bits), 0, 0, 0});
    return regs[0];
}

static void test_bind(void)
{
    uint64_t regs[REGS];

    ffa(regs, FFA_FEATURES, FFA_FEATURE_SRI, 0, 0);
    check(regs[0] == FFA_SUCCESS_32 && regs[2] == 8, "the schedule receiver interrupt is SGI 8");
    sri = (unsigned int)regs[2];
    irq_enable(sri);
    while (irq_pending()) { /* those of the messages before */
        irq_take();
    }
    ffa(regs, FFA_NOTIFICATION_INFO_GET_64, 0, 0, 0);
    check(bind(0, GLOBAL_BIT) == FFA_SUCCESS_32, "FFA_NOTIFICATION_BIND");
    check(bind(FFA_NOTIFICATION_BIND_PER_VCPU, PER_VCPU_BIT) == FFA_SUCCESS_32,
          "FFA_NOTIFICATION_BIND per vCPU");
}

static void notify(uint32_t w2, uint64_t bits)
{
    uint64_t regs[REGS];

    ask(regs, ECHO, COMMAND_NOTIFY, TEST_VM, w2, ffa_handle_low(bits), ffa_handle_high(bits));
    check(is_response(regs, ECHO) && regs[3] == FFA_OK, "a partition at S-EL1 signals a VM");
}

static void expect_sri(void)
{
    const unsigned int before = irq_count(sri);

    check(irq_pending(), "the interrupt is pending at EL2");
    irq_take();
    check(irq_count(sri) == before + 1, "and it is the schedule receiver interrupt");
}

static void test_signals(void)
{
    uint64_t regs[REGS];

    notify(0, GLOBAL_BIT);
    expect_sri();
    notify(ffa_notification_set_make(FFA_NOTIFICATION_SET_PER_VCPU | FFA_NOTIFICATION_SET_DELAY_SRI,
                                     1),
           PER_VCPU_BIT);
    expect_sri();
    ffa(regs, FFA_NOTIFICATION_INFO_GET_64, 0, 0, 0);
    check(regs[0] == FFA_SUCCESS_64 && regs[2] == (2u << 7 | 1u << 14), "two lists");
    check(regs[3] == (1ull << 32 | (uint64_t)TEST_VM << 16 | TEST_VM), "the VM, and its vCPU 1");
    ffa(regs, FFA_NOTIFICATION_GET, ffa_receiver_info_make(TEST_VM, 1), FFA_NOTIFICATION_GET_SP, 0);
    check(regs[0] == FFA_SUCCESS_32 &&
              ffa_handle_make((uint32_t)regs[2], (uint32_t)regs[3]) == (GLOBAL_BIT | PER_VCPU_BIT),
          "vCPU 1 gets both");
    ffa(regs, FFA_NOTIFICATION_INFO_GET_64, 0, 0, 0);
    check(is_error(regs, FFA_NO_DATA), "and that was all");
}

static void test_vm_signals(void)
{
    uint64_t regs[REGS];

    ask(regs, ECHO, COMMAND_BIND, TEST_VM, 0, 6, 0);
    check(is_response(regs, ECHO) && regs[3] == FFA_OK, "echo binds");
    ask(regs, ECHO, COMMAND_NOTIFICATIONS, 0, 0, 0, 0);
    check(regs[4] == 1 && regs[7] == FFA_NOTIFICATION_RX_FULL, "it was told of its message");
    ffa_7(regs,
          (const uint64_t[]){FFA_NOTIFICATION_SET, ffa_ids_make(TEST_VM, ECHO), 0, 4, 0, 0, 0, 0});
    check(regs[0] == FFA_SUCCESS_32, "a VM signals a partition");
    expect_sri();
    run(regs, ECHO, 0);
    check(is_left(regs, FFA_MSG_WAIT, ECHO, 0), "which looks when it runs");
    ask(regs, ECHO, COMMAND_NOTIFICATIONS, 0, 0, 0, 0);
    check(regs[4] == 1 && regs[5] == 4 && regs[6] == 0, "and gets it");
}

static void test_end(void)
{
    uint64_t regs[REGS];
    const uint64_t bits = GLOBAL_BIT | PER_VCPU_BIT;

    ffa(regs, FFA_NOTIFICATION_BITMAP_DESTROY, TEST_VM, 0, 0);
    check(is_error(regs, FFA_DENIED), "a bitmap with bindings stays");
    ffa_7(regs, (const uint64_t[]){FFA_NOTIFICATION_UNBIND, ffa_ids_make(ECHO, TEST_VM), 0,
                                   ffa_handle_low(bits), ffa_handle_high(bits), 0, 0, 0});
    check(regs[0] == FFA_SUCCESS_32, "FFA_NOTIFICATION_UNBIND");
    ffa(regs, FFA_NOTIFICATION_BITMAP_DESTROY, TEST_VM, 0, 0);
    check(regs[0] == FFA_SUCCESS_32, "FFA_NOTIFICATION_BITMAP_DESTROY");
    ffa(regs, FFA_RXTX_UNMAP, ffa_rxtx_unmap_make(TEST_VM), 0, 0);
    check(regs[0] == FFA_SUCCESS_32, "FFA_RXTX_UNMAP for a VM");
}

void test_notifications(void)
{
    test_bind();
    test_signals();
    test_vm_signals();
    test_end();
}
