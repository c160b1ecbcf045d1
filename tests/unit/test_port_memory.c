/* SPDX-License-Identifier: BSD-3-Clause */
/* The test of the tests: what the simulated hypervisor does with memory, and what it notices. */
#include <string.h>

#include "unit.h"

#define PAGE FFA_PAGE_SIZE

#define RAM(n)    ((parley_ipa){RIG_VM_IPA + (n)*PAGE})
#define WINDOW(n) ((parley_ipa){RIG_WINDOW_IPA + (n)*PAGE})

static struct posix_vm *vm;
static struct posix_vm *other;
static struct parley_run run;

static void start_in_blocks(unsigned int block)
{
    struct parley_vm_config config = rig_vm_config(1);

    rig_start(NULL);
    config.window_ipa = RIG_WINDOW_IPA;
    config.window_pages = 16;
    vm = rig_vm_of(&config, RIG_VM_PAGES, block);
    config.id = 2;
    other = rig_vm_of(&config, RIG_VM_PAGES, block);
}

static void start(void)
{
    start_in_blocks(1);
}

/* How many violations there have been; they are forgiven. */
static unsigned int noticed(void)
{
    unsigned int count = posix_violations();

    posix_violations_forgive();
    return count;
}

static enum parley_port_status pin(parley_ipa ipa, uint32_t pages)
{
    return parley_port_memory_pin(vm, ipa, pages, true, &run);
}

/* Scattered pages are pinned one by one, blocks as far as they go. */
static void test_runs(void **state)
{
    (void)state;
    start();
    assert_int_equal(pin(RAM(8), 4), PARLEY_PORT_OK);
    assert_int_equal(run.pages, 1);
    assert_true(parley_port_memory_run(vm, RAM(8), 1).pa.value == run.pa.value);
    assert_int_equal(posix_vm_holdings(vm).granted, 1);
    parley_port_memory_unpin(vm, RAM(8), 1);
    assert_true(rig_stop());

    start_in_blocks(8);
    assert_int_equal(pin(RAM(10), 12), PARLEY_PORT_OK);
    assert_int_equal(run.pages, 6);
    assert_true(run.pa.value % (8 * PAGE) == 2 * PAGE);
    assert_int_equal(parley_port_memory_run(vm, RAM(11), 3).pages, 3);
    assert_true(parley_port_memory_run(vm, RAM(11), 3).pa.value == run.pa.value + PAGE);
    parley_port_memory_unpin(vm, RAM(10), 6);
}

static void test_what_can_be_pinned(void **state)
{
    (void)state;
    start();
    posix_vm_set_page(vm, RAM(8).value, POSIX_PAGE_READ_ONLY);
    posix_vm_set_page(vm, RAM(9).value, POSIX_PAGE_HOLE);
    assert_int_equal(pin(RAM(8), 1), PARLEY_PORT_NOT_MEMORY);
    assert_int_equal(parley_port_memory_pin(vm, RAM(8), 2, false, &run), PARLEY_PORT_OK);
    assert_int_equal(run.pages, 1);
    parley_port_memory_unpin(vm, RAM(8), 1);
    assert_int_equal(pin(RAM(9), 1), PARLEY_PORT_NOT_MEMORY);
    assert_int_equal(pin(RAM(RIG_VM_PAGES), 1), PARLEY_PORT_NOT_MEMORY);
    assert_int_equal(pin(WINDOW(0), 1), PARLEY_PORT_NOT_MEMORY);
    posix_fail_memory(1);
    assert_int_equal(pin(RAM(10), 1), PARLEY_PORT_NO_MEMORY);
    assert_int_equal(posix_vm_holdings(vm).granted, 0);
    assert_int_equal(noticed(), 0);
}

/* A page goes away, and comes back; another VM has it, and has it no more. */
static void test_access(void **state)
{
    uint8_t byte;
    struct posix_stage2 owner;
    struct posix_stage2 borrower;

    (void)state;
    start();
    assert_true(posix_vm_write(vm, RAM(8).value + 5, 77));
    assert_int_equal(pin(RAM(8), 1), PARLEY_PORT_OK);
    assert_int_equal(parley_port_memory_map(other, WINDOW(3), vm, RAM(8), 1, PARLEY_ACCESS_RO),
                     PARLEY_PORT_OK);
    assert_true(posix_vm_read(other, WINDOW(3).value + 5, &byte));
    assert_int_equal(byte, 77);
    assert_false(posix_vm_write(other, WINDOW(3).value, 1));
    assert_false(posix_vm_read(other, WINDOW(4).value, &byte));
    posix_vm_stage2(vm, RAM(8).value, 1, &owner);
    posix_vm_stage2(other, WINDOW(3).value, 1, &borrower);
    assert_int_equal(owner.frame, borrower.frame);
    assert_int_equal(owner.access, PARLEY_ACCESS_RWX);
    assert_int_equal(borrower.access, PARLEY_ACCESS_RO);
    assert_int_equal(parley_port_memory_revoke(vm, RAM(8), 1), PARLEY_PORT_OK);
    assert_false(posix_vm_read(vm, RAM(8).value + PAGE - 1, &byte));
    assert_true(posix_vm_read(vm, RAM(9).value, &byte));
    parley_port_memory_zero(vm, RAM(8), 1);
    assert_true(posix_vm_read(other, WINDOW(3).value + 5, &byte));
    assert_int_equal(byte, 0);
    parley_port_memory_unmap(other, WINDOW(3), 1);
    assert_false(posix_vm_read(other, WINDOW(3).value, &byte));
    parley_port_memory_restore(vm, RAM(8), 1);
    assert_true(posix_vm_write(vm, RAM(8).value, 1));
    parley_port_memory_unpin(vm, RAM(8), 1);
    assert_int_equal(noticed(), 0);
}

static void test_gift(void **state)
{
    (void)state;
    start();
    assert_int_equal(pin(RAM(8), 1), PARLEY_PORT_OK);
    assert_int_equal(parley_port_memory_revoke(vm, RAM(8), 1), PARLEY_PORT_OK);
    assert_int_equal(parley_port_memory_map(other, WINDOW(0), vm, RAM(8), 1, PARLEY_ACCESS_RW),
                     PARLEY_PORT_OK);
    parley_port_memory_adopt(other, WINDOW(0), 1);
    parley_port_memory_forget(vm, RAM(8), 1);
    assert_int_equal(posix_vm_holdings(vm).own, RIG_VM_PAGES - 1);
    assert_int_equal(posix_vm_holdings(other).own, RIG_VM_PAGES + 1);
    assert_int_equal(parley_port_memory_pin(other, WINDOW(0), 1, true, &run), PARLEY_PORT_OK);
    parley_port_memory_unpin(other, WINDOW(0), 1);
    assert_int_equal(pin(RAM(8), 1), PARLEY_PORT_NOT_MEMORY);
    assert_int_equal(noticed(), 0);
    parley_port_memory_adopt(other, WINDOW(0), 1);
    assert_int_equal(noticed(), 1);
    parley_port_memory_forget(vm, RAM(8), 1);
    assert_int_equal(noticed(), 1);
}

/* Whatever is not as it must be is told. */
static void test_breaches(void **state)
{
    parley_lock lock;

    (void)state;
    start();
    parley_port_memory_unpin(vm, RAM(8), 1);
    assert_int_equal(noticed(), 1);
    assert_int_equal(pin(RAM(8), 513), PARLEY_PORT_OK);
    assert_int_equal(noticed(), 1);
    assert_int_equal(pin(RAM(8), 1), PARLEY_PORT_OK); /* again */
    assert_int_equal(noticed(), 1);
    parley_port_memory_unpin(vm, RAM(8), 1);
    (void)parley_port_memory_run(vm, RAM(9), 1);
    assert_int_equal(noticed(), 1);
    (void)parley_port_memory_run(vm, RAM(8), 0);
    assert_int_equal(noticed(), 1);

    (void)parley_port_memory_revoke(vm, RAM(9), 1);
    assert_int_equal(noticed(), 1);
    parley_port_memory_restore(vm, RAM(8), 1);
    assert_int_equal(noticed(), 1);
    assert_int_equal(parley_port_memory_revoke(vm, RAM(8), 1), PARLEY_PORT_OK);
    (void)parley_port_memory_revoke(vm, RAM(8), 1);
    assert_int_equal(noticed(), 1);
    parley_port_memory_unpin(vm, RAM(8), 1);
    assert_int_equal(noticed(), 1);
    parley_port_memory_restore(vm, RAM(8), 1);
    assert_int_equal(noticed(), 0);

    parley_port_memory_zero(vm, RAM(9), 1);
    assert_int_equal(noticed(), 1);
    parley_port_memory_lost(vm, RAM(9), 1);
    assert_int_equal(noticed(), 1);
    parley_port_memory_unmap(other, WINDOW(0), 1);
    assert_int_equal(noticed(), 1);
    (void)parley_port_memory_map(other, WINDOW(0), vm, RAM(9), 1, PARLEY_ACCESS_RW);
    assert_int_equal(noticed(), 1); /* not pinned */
    (void)parley_port_memory_map(other, WINDOW(0), vm, RAM(8), 1, PARLEY_ACCESS_NONE);
    assert_int_equal(noticed(), 1);
    (void)parley_port_memory_map(other, RAM(8), vm, RAM(8), 1, PARLEY_ACCESS_RW);
    assert_int_equal(noticed(), 1); /* RAM is there */
    (void)parley_port_memory_map(other, WINDOW(16), vm, RAM(8), 1, PARLEY_ACCESS_RW);
    assert_int_equal(noticed(), 1); /* nothing is for it there */

    parley_lock_init(&lock);
    parley_lock_take(&lock);
    (void)parley_port_memory_run(vm, RAM(8), 1);
    assert_int_equal(noticed(), 0);
    (void)parley_port_preempt();
    assert_int_equal(noticed(), 1);
    parley_lock_drop(&lock);
    parley_port_memory_unpin(vm, RAM(8), 1);
    assert_int_equal(noticed(), 0);
}

/* A page is not granted and a buffer at the same time. */
static void test_buffers(void **state)
{
    void *page;

    (void)state;
    start();
    assert_int_equal(parley_port_page_map(vm, RAM(0), &page), PARLEY_PORT_OK);
    assert_int_equal(pin(RAM(0), 1), PARLEY_PORT_OK);
    assert_int_equal(noticed(), 1);
    parley_port_page_unmap(vm, RAM(0), page);
    assert_int_equal(parley_port_page_map(vm, RAM(0), &page), PARLEY_PORT_OK);
    assert_int_equal(noticed(), 1);
    parley_port_page_unmap(vm, RAM(0), page);
    parley_port_memory_unpin(vm, RAM(0), 1);
    assert_int_equal(noticed(), 0);
}

/* What is left at the end of a VM. */
static void test_left(void **state)
{
    (void)state;
    start();
    assert_int_equal(pin(RAM(8), 1), PARLEY_PORT_OK);
    assert_int_equal(parley_port_memory_map(other, WINDOW(0), vm, RAM(8), 1, PARLEY_ACCESS_RW),
                     PARLEY_PORT_OK);
    posix_vm_reset(other);
    assert_int_equal(noticed(), 1);
    parley_port_memory_unpin(vm, RAM(8), 1);
    rig_vm_end(vm);
    assert_int_equal(noticed(), 0);
    parley_port_memory_unmap(other, WINDOW(0), 1);
    assert_int_equal(noticed(), 0);
}

/* Another life has pages of its own again, where others have what was there, and all are empty. */
static void test_next_life(void **state)
{
    struct posix_stage2 before;
    struct posix_stage2 after;
    uint8_t byte;

    (void)state;
    start();
    assert_true(posix_vm_write(vm, RAM(8).value, 77));
    assert_true(posix_vm_write(vm, RAM(9).value, 78));
    assert_int_equal(pin(RAM(8), 1), PARLEY_PORT_OK);
    assert_int_equal(parley_port_memory_map(other, WINDOW(0), vm, RAM(8), 1, PARLEY_ACCESS_RW),
                     PARLEY_PORT_OK);
    parley_port_memory_unpin(vm, RAM(8), 1);
    posix_vm_stage2(vm, RAM(8).value, 1, &before);
    posix_vm_reset(vm);
    posix_vm_stage2(vm, RAM(8).value, 1, &after);
    assert_int_not_equal(before.frame, after.frame);
    assert_true(posix_vm_read(vm, RAM(8).value, &byte) && byte == 0);
    assert_true(posix_vm_read(vm, RAM(9).value, &byte) && byte == 0);
    assert_true(posix_vm_read(other, WINDOW(0).value, &byte) && byte == 77);
    parley_port_memory_unmap(other, WINDOW(0), 1);
    assert_int_equal(noticed(), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_runs), RIG_TEST(test_what_can_be_pinned), RIG_TEST(test_access),
        RIG_TEST(test_gift), RIG_TEST(test_breaches),           RIG_TEST(test_buffers),
        RIG_TEST(test_left), RIG_TEST(test_next_life),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
