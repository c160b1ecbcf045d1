/* SPDX-License-Identifier: BSD-3-Clause */
/* Section L of docs/museum.md: what is left when something fails half-way. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static struct posix_vm *vm_alone(void)
{
    machine_on(NULL);
    return vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2});
}

/* Every page that was mapped when a later one failed is given back, and by the pointer it had. */
static void L1_descr_copy_leak(void **state)
{
    struct posix_vm *vm;

    (void)state;
    vm = vm_alone();
    for (unsigned int pages = 1; pages <= QUOTA; pages++) {
        for (unsigned int nth = 1; nth <= 2 * pages; nth++) {
            posix_fail_page_map(nth, PARLEY_PORT_NO_MEMORY);
            assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), pages), FFA_NO_MEMORY);
            assert_int_equal(posix_pins(), 0);
        }
    }
    posix_fail_page_map(0, PARLEY_PORT_OK);
}

/* A failure of either buffer is seen where it is, and no pointer of a failed mapping is used. */
static void L2_alloc_check_wrong_ptr(void **state)
{
    struct posix_vm *vm;

    (void)state;
    vm = vm_alone();
    for (unsigned int page = 0; page < QUOTA; page++) {
        for (unsigned int which = 0; which < 2; which++) {
            const uint64_t bad = IPA((which == 0 ? TX_PAGE : RX_PAGE) + page);

            posix_vm_set_page(vm, bad, POSIX_PAGE_HOLE);
            assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), QUOTA),
                          FFA_INVALID_PARAMETERS);
            assert_int_equal(posix_pins(), 0);
            posix_vm_set_page(vm, bad, POSIX_PAGE_RAM);
        }
    }
}

/* What a function hands back when it refuses is defined. */
static void L3_late_outputs_uninitialised(void **state)
{
    static const struct parley_vm_config bad = {.id = 0, .vcpus = 1, .rxtx_pages_max = 1};
    static const struct parley_vm_config used = {.id = 1, .vcpus = 1, .rxtx_pages_max = 1};
    struct parley_vm *vm = (struct parley_vm *)(uintptr_t)0x1234;
    struct parley_vm_status status;
    struct parley_config config = usual_config;

    (void)state;
    memset(&status, 0xa5, sizeof(status));
    status = vm_status(vm_alone());
    assert_int_equal(status.id, 1);
    assert_int_equal(status.dying, false);
    assert_int_equal(parley_vm_create(the_parley(), &bad, &vm), PARLEY_REFUSED_CONFIG);
    assert_null(vm);
    vm = (struct parley_vm *)(uintptr_t)0x1234;
    assert_int_equal(parley_vm_create(the_parley(), &used, &vm), PARLEY_REFUSED_ID_USED);
    assert_null(vm);
    config.vms_max = 0;
    assert_int_equal(parley_memory_size(&config), 0);
}

/* The page that is refused, and all before it, are as they were, at whichever place it is. */
static void L4_pins_left_on_type_error(void **state)
{
    struct posix_vm *vm;

    (void)state;
    vm = vm_alone();
    for (unsigned int kind = POSIX_PAGE_READ_ONLY; kind <= POSIX_PAGE_HOLE; kind++) {
        for (unsigned int page = 0; page < 2 * QUOTA; page++) {
            const uint64_t bad = page < QUOTA ? IPA(TX_PAGE + page) : IPA(RX_PAGE + page - QUOTA);

            posix_vm_set_page(vm, bad, (enum posix_page)kind);
            assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), QUOTA),
                          FFA_INVALID_PARAMETERS);
            assert_int_equal(posix_vm_pins(vm), 0);
            posix_vm_set_page(vm, bad, POSIX_PAGE_RAM);
        }
    }
}

/* After a mapping that failed at any of its steps, the same mapping works, and so does its end. */
static void L6_unmap_on_partial_map(void **state)
{
    struct posix_vm *vm;

    (void)state;
    vm = vm_alone();
    for (unsigned int nth = 1; nth <= 2 * QUOTA; nth++) {
        posix_fail_page_map(nth, nth % 2 == 0 ? PARLEY_PORT_NO_MEMORY : PARLEY_PORT_NOT_MEMORY);
        assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), QUOTA),
                      nth % 2 == 0 ? FFA_NO_MEMORY : FFA_INVALID_PARAMETERS);
        assert_int_equal(vm_status(vm).rx, PARLEY_RX_UNMAPPED);
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_INVALID_PARAMETERS);
        vm_map(vm, QUOTA);
        assert_int_equal(posix_vm_pins(vm), 2 * QUOTA);
        assert_status(call_info(vm, 0, &nil_uuid, 0), FFA_OK);
        assert_status(CALL(vm, 0, FFA_RX_RELEASE, 0), FFA_OK);
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_OK);
        assert_int_equal(posix_vm_pins(vm), 0);
    }
}

/* Failures cost no quota: after ten thousand of them a VM may do what it could before. */
static void L7_quota_leak(void **state)
{
    struct posix_vm *vm;

    (void)state;
    vm = vm_alone();
    for (unsigned int i = 0; i < 10000; i++) {
        posix_fail_page_map(1 + i % (2 * QUOTA), PARLEY_PORT_NO_MEMORY);
        assert_status(call_map(vm, 0, IPA(TX_PAGE), IPA(RX_PAGE), QUOTA), FFA_NO_MEMORY);
    }
    for (unsigned int i = 0; i < 1000; i++) {
        vm_map(vm, QUOTA);
        assert_status(CALL(vm, 0, FFA_RXTX_UNMAP, 0), FFA_OK);
    }
}

/* A mediator that starts and stops leaves the Secure world as it found it, each time. */
static void L8_bus_notifier_left(void **state)
{
    static const struct spmc_config *const worlds[] = {&posix_spmc_1_0, &posix_spmc_1_1,
                                                       &posix_spmc_1_2, NULL};

    (void)state;
    for (size_t i = 0; i < COUNT(worlds); i++) {
        unsigned int smcs = 0;

        machine_on(worlds[i]);
        for (unsigned int round = 0; round < 200; round++) {
            struct posix_vm *vm =
                vm_on(&(struct vm_setup){.id = 1, .version = FFA_VERSION_1_2, .ram_pages = 1});

            vm_off(vm);
            assert_int_equal(parley_stop(), PARLEY_DONE);
            assert_false(posix_spmc_has_buffers());
            if (round > 1) {
                assert_int_equal(posix_smc_count(), smcs);
            }
            smcs = posix_smc_count();
            posix_smc_clear();
            assert_non_null(parley_start(&usual_config));
        }
        assert_int_equal(machine_off(NULL), 0);
    }
}

SECTION(museum_rollback, TEST(L1_descr_copy_leak), TEST(L2_alloc_check_wrong_ptr),
        TEST(L3_late_outputs_uninitialised), TEST(L4_pins_left_on_type_error),
        TEST(L6_unmap_on_partial_map), TEST(L7_quota_leak), TEST(L8_bus_notifier_left))
