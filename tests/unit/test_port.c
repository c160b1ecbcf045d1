/* SPDX-License-Identifier: BSD-3-Clause */
/* The test of the tests: the simulated hypervisor notices what it is there to notice. */
#include <string.h>

#include "unit.h"

static struct posix_vm *vm;
static struct posix_vm *other;

static void start(void)
{
    rig_start(&posix_spmc_1_2);
    vm = rig_vm(&(struct parley_vm_config){.id = 1});
    other = rig_vm(&(struct parley_vm_config){.id = 2});
}

/* How many violations there have been; they are forgiven. */
static unsigned int noticed(void)
{
    unsigned int count = posix_violations();

    posix_violations_forgive();
    return count;
}

/* Neighbours for the guest are none for the hypervisor, and no address is another. */
static void test_addresses(void **state)
{
    void *first = NULL;
    void *second = NULL;
    parley_ipa ipa = {RIG_VM_IPA};
    parley_ipa next = {RIG_VM_IPA + FFA_PAGE_SIZE};

    (void)state;
    start();
    assert_int_equal(parley_port_page_map(vm, ipa, &first), PARLEY_PORT_OK);
    assert_int_equal(parley_port_page_map(vm, next, &second), PARLEY_PORT_OK);
    assert_ptr_not_equal(first, posix_vm_at(vm, ipa.value));
    assert_true((uint8_t *)second != (uint8_t *)first + FFA_PAGE_SIZE);
    assert_true((uintptr_t)first != ipa.value);
    memcpy(posix_vm_at(vm, ipa.value), "seen", 5);
    assert_string_equal(first, "seen");
    assert_int_equal(posix_vm_ipa(vm, (uint8_t *)posix_vm_at(vm, next.value) + 9), next.value + 9);
    assert_int_equal(posix_vm_ipa(vm, first), 0);
    assert_null(posix_vm_at(vm, RIG_VM_IPA - 1));
    assert_null(posix_vm_at(vm, RIG_VM_IPA + RIG_VM_PAGES * FFA_PAGE_SIZE));
    parley_port_page_unmap(vm, ipa, first);
    parley_port_page_unmap(vm, next, second);
}

static void test_pins(void **state)
{
    parley_ipa ipa = {RIG_VM_IPA};
    void *page = NULL;

    (void)state;
    start();
    assert_int_equal(parley_port_page_map(vm, ipa, &page), PARLEY_PORT_OK);
    assert_int_equal(parley_port_page_map(vm, ipa, &page), PARLEY_PORT_OK);
    assert_int_equal(posix_vm_pins(vm), 2);
    parley_port_page_unmap(other, ipa, page);
    assert_int_equal(noticed(), 1); /* another VM's */
    parley_port_page_unmap(vm, (parley_ipa){RIG_VM_IPA + FFA_PAGE_SIZE}, page);
    assert_int_equal(noticed(), 1); /* another address */
    parley_port_page_unmap(vm, ipa, page);
    parley_port_page_unmap(vm, ipa, page);
    assert_int_equal(noticed(), 0);
    parley_port_page_unmap(vm, ipa, page);
    assert_int_equal(noticed(), 1); /* once too often */
    assert_int_equal(posix_pins(), 0);
}

static void test_secrets(void **state)
{
    const void *parley;
    uint64_t pa;
    const char *what;

    (void)state;
    start();
    parley = rig_parley();
    pa = parley_port_pa(parley).value;
    assert_true(posix_is_secret(pa, &what));
    assert_true(posix_is_secret(pa + 4095, &what));
    assert_true(posix_is_secret((uint32_t)pa, &what));
    assert_true(posix_is_secret(pa >> FFA_PAGE_SHIFT, &what));
    assert_true(posix_is_secret((uintptr_t)parley, &what));
    assert_true(posix_is_secret((uintptr_t)&pa, &what));
    assert_true(posix_is_secret((uintptr_t)&rig_default_config, &what));
    assert_false(posix_is_secret(0, &what));
    assert_false(posix_is_secret(RIG_VM_IPA, &what));
    assert_false(posix_is_secret(FFA_SUCCESS_32, &what));
    assert_false(posix_is_secret(FFA_PARTITION_INFO_GET_REGS, &what));
    assert_false(posix_is_secret(0xfffffffe, &what));
    assert_false(posix_is_secret(UINT64_MAX, &what));
}

/* An address in a page that is pinned is found at the next call. */
static void test_secrets_in_pages(void **state)
{
    uint64_t *rx;

    (void)state;
    start();
    settle(vm, FFA_VERSION_1_2);
    map_buffers(vm, 1);
    rx = posix_vm_at(vm, rx_ipa(vm, 1));
    rx[511] = parley_port_pa(rig_parley()).value;
    CALL(vm, FFA_ID_GET);
    assert_true(noticed() > 0);
    rx[511] = (uintptr_t)rig_parley() << 32;
    rx[510] = 0;
    ((uint32_t *)rx)[1022] = (uint32_t)(uintptr_t)rig_parley();
    ((uint32_t *)rx)[1023] = (uint32_t)((uintptr_t)rig_parley() >> 32);
    CALL(vm, FFA_ID_GET);
    assert_true(noticed() > 0);
    rx[511] = 0;
    CALL(vm, FFA_ID_GET);
    assert_int_equal(noticed(), 0);
}

static void test_locks(void **state)
{
    parley_lock lock;
    parley_lock second;

    (void)state;
    start();
    parley_lock_init(&lock);
    parley_lock_init(&second);
    parley_lock_take(&lock);
    assert_int_equal(parley_port_vm_is_aarch64(vm), true);
    assert_true(parley_port_vcpu_is_online(vm, 0));
    parley_port_smc(&(struct parley_regs){{FFA_ID_GET}});
    assert_int_equal(noticed(), 0);
    parley_port_event(&(struct parley_event){.kind = PARLEY_EVENT_VM_RESET});
    assert_int_equal(noticed(), 1);
    parley_port_pa(rig_parley());
    assert_int_equal(noticed(), 1);
    parley_port_vcpu_wake(vm, 0);
    assert_int_equal(noticed(), 1);
    parley_port_cpu_kick(0);
    assert_int_equal(noticed(), 1);
    parley_port_interrupt(vm, 0, RIG_NPI);
    assert_int_equal(noticed(), 1);
    parley_port_console(vm, "x", 1);
    assert_int_equal(noticed(), 1);

    parley_lock_take(&second);
    parley_port_vcpu_is_online(vm, 0);
    assert_int_equal(noticed(), 1);
    parley_port_smc(&(struct parley_regs){{FFA_ID_GET}});
    assert_int_equal(noticed(), 1);
    parley_lock_drop(&second);
    parley_lock_drop(&lock);
}

/* --- The rules of register use ---------------------------------------------------------------- */

struct row {
    const char *what;
    uint64_t fid;
    uint64_t x0;
    unsigned int number; /* of the register that is changed after that */
    uint64_t value;
    bool good;
};

static const struct row rows[] = {
    {"FFA_ID_GET with an ID", FFA_ID_GET, FFA_SUCCESS_32, 2, 1, true},
    {"x0 of 64 bits", FFA_ID_GET, 0xffffffff00000000 | FFA_SUCCESS_32, 2, 1, false},
    {"an answer that is none", FFA_ID_GET, FFA_ID_GET, 2, 1, false},
    {"a wide success for a narrow result", FFA_ID_GET, FFA_SUCCESS_64, 2, 1, false},
    {"a result of 64 bits", FFA_ID_GET, FFA_SUCCESS_32, 2, 0x100000001, false},
    {"a register too many", FFA_ID_GET, FFA_SUCCESS_32, 3, 1, false},
    {"x8 of an SMC32 call", FFA_ID_GET, FFA_SUCCESS_32, 8, 0, false},
    {"x17 of an SMC32 call", FFA_ID_GET, FFA_SUCCESS_32, 17, 0, false},
    {"an error", FFA_ID_GET, FFA_ERROR, 2, 0xfffffffe, true},
    {"an error sign-extended", FFA_ID_GET, FFA_ERROR, 2, 0xfffffffffffffffe, false},
    {"an error that is none", FFA_ID_GET, FFA_ERROR, 2, 0, false},
    {"a positive error", FFA_ID_GET, FFA_ERROR, 2, 2, false},
    {"an error there is not", FFA_ID_GET, FFA_ERROR, 2, 0xfffffff6, false},
    {"a version", FFA_VERSION, FFA_VERSION_1_2, 0, FFA_VERSION_1_2, true},
    {"no version", FFA_VERSION, 0xffffffff, 0, 0xffffffff, true},
    {"no version, sign-extended", FFA_VERSION, 0, 0, UINT64_MAX, false},
    {"a version and something", FFA_VERSION, FFA_VERSION_1_2, 1, 1, false},
    {"x8 of a version", FFA_VERSION, FFA_VERSION_1_2, 8, 0, false},
};

static void test_hygiene(void **state)
{
    (void)state;
    start();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parley_regs call;
        struct parley_regs answer;

        for (unsigned int j = 0; j < FFA_REGS_MAX; j++) {
            call.x[j] = 0xbad1bad25eed0000 + j;
            answer.x[j] = j < FFA_REGS_SMC32 ? 0 : call.x[j];
        }
        call.x[0] = rows[i].fid;
        answer.x[0] = rows[i].x0;
        if (rows[i].x0 == FFA_ERROR) {
            answer.x[2] = (uint32_t)FFA_DENIED;
        }
        answer.x[rows[i].number] = rows[i].value;
        check_hygiene(vm, &call, &answer, FFA_VERSION_1_2, FFA_VERSION_1_2);
        if ((noticed() == 0) != rows[i].good) {
            fail_msg("%s: misjudged", rows[i].what);
        }
    }
}

/* x8 to x17 of an SMC64 call: zero at 1.2, the guest's own before. */
static void test_hygiene_of_high_registers(void **state)
{
    (void)state;
    start();
    for (unsigned int minor = 0; minor <= 2; minor++) {
        for (unsigned int kept = 0; kept < 2; kept++) {
            uint32_t version = FFA_VERSION_1_0 + minor;
            struct parley_regs call = {{FFA_RXTX_MAP_64}};
            struct parley_regs answer = {{FFA_SUCCESS_32}};

            for (unsigned int j = FFA_REGS_SMC32; j < FFA_REGS_MAX; j++) {
                call.x[j] = j;
                answer.x[j] = kept ? j : 0;
            }
            check_hygiene(vm, &call, &answer, version, version);
            assert_int_equal(noticed() == 0, kept == (minor < 2));
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_addresses),
        RIG_TEST(test_pins),
        RIG_TEST(test_secrets),
        RIG_TEST(test_secrets_in_pages),
        RIG_TEST(test_locks),
        RIG_TEST(test_hygiene),
        RIG_TEST(test_hygiene_of_high_registers),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
