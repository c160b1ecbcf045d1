/* SPDX-License-Identifier: BSD-3-Clause */
/* parley_vm_create(): each rule of struct parley_vm_config, and what a refusal leaves behind. */
#include "unit.h"

#define ID 5

/* Creates a VM that must be refused as its configuration breaks a rule. */
static void assert_refused(const char *what, const struct parley_vm_config *config)
{
    struct posix_vm *ram = rig_ram(true);
    struct parley_status before = rig_status();
    struct parley_event event = {.vm_id = 0xffff};

    posix_events_clear();
    if (posix_vm_create(ram, rig_parley(), config) != PARLEY_REFUSED_CONFIG) {
        fail_msg("%s: taken", what);
    }
    assert_null(posix_vm_parley(ram));
    if (posix_event_total() != 1 || !posix_event_last(PARLEY_EVENT_CONFIG_REFUSED, &event)) {
        fail_msg("%s: %u events", what, posix_event_total());
    }
    assert_non_null(event.text);
    assert_int_equal(event.vm_id, config->id);
    assert_int_equal(rig_status().vms, before.vms);
    rig_vm_end(ram);
}

/* Creates one that must be taken, and ends it again. */
static void assert_taken(const char *what, const struct parley_vm_config *config)
{
    struct posix_vm *ram = rig_ram(true);

    if (posix_vm_create(ram, rig_parley(), config) != PARLEY_DONE) {
        fail_msg("%s: refused", what);
    }
    assert_non_null(posix_vm_parley(ram));
    rig_vm_end(ram);
}

static void test_id(void **state)
{
    static const uint16_t outside[] = {0, 16, 0x7fff, 0x8000, 0x8005, 0xffff};
    struct parley_vm_config config;

    (void)state;
    rig_start(NULL);
    for (size_t i = 0; i < COUNT(outside); i++) {
        config = rig_vm_config(outside[i]);
        assert_refused("an ID outside of the directory", &config);
    }
    for (uint16_t id = 1; id <= 15; id++) {
        config = rig_vm_config(id);
        assert_taken("an ID of the directory", &config);
    }
}

static void test_id_below_the_directory(void **state)
{
    struct parley_config directory = rig_default_config;
    struct parley_vm_config config = rig_vm_config(99);

    (void)state;
    directory.vm_id_first = 100;
    directory.vms_max = 2;
    rig_start_with(NULL, &directory);
    assert_refused("the ID below the first", &config);
    config.id = 100;
    assert_taken("the first ID", &config);
    config.id = 101;
    assert_taken("the last ID", &config);
    config.id = 102;
    assert_refused("the ID above the last", &config);
}

static void test_vcpus(void **state)
{
    struct parley_vm_config config = rig_vm_config(ID);

    (void)state;
    rig_start(NULL);
    config.vcpus = 0;
    assert_refused("no vCPU", &config);
    config.vcpus = 5;
    assert_refused("a vCPU more than Parley has room for", &config);
    config.vcpus = 0xffff;
    assert_refused("many vCPUs", &config);
    config.vcpus = 4;
    assert_taken("all vCPUs", &config);
    config.vcpus = 1;
    assert_taken("one vCPU", &config);
}

static void test_buffer_quota(void **state)
{
    struct parley_vm_config config = rig_vm_config(ID);

    (void)state;
    rig_start(NULL);
    config.rxtx_pages_max = 0;
    assert_refused("no page", &config);
    config.rxtx_pages_max = 9;
    assert_refused("a page more than Parley has room for", &config);
    config.rxtx_pages_max = 0xffff;
    assert_refused("many pages", &config);
    config.rxtx_pages_max = 8;
    assert_taken("all pages", &config);
}

static void test_properties(void **state)
{
    const uint32_t allowed = FFA_PARTITION_DIRECT_REQ_RECV | FFA_PARTITION_DIRECT_REQ_SEND |
                             FFA_PARTITION_INDIRECT_MSG | FFA_PARTITION_NOTIFICATION_RECV |
                             FFA_PARTITION_DIRECT_REQ2_RECV | FFA_PARTITION_DIRECT_REQ2_SEND;
    struct parley_vm_config config = rig_vm_config(ID);

    (void)state;
    rig_start(NULL);
    for (unsigned int bit = 0; bit < 32; bit++) {
        config.properties = 1u << bit;
        if ((allowed & config.properties) != 0) {
            assert_taken("a property of messaging", &config);
        } else {
            assert_refused("another property", &config);
        }
    }
    config.properties = allowed;
    assert_taken("all properties of messaging", &config);
}

static void test_uuids(void **state)
{
    struct ffa_uuid uuids[] = {unit_uuid(1), unit_uuid(2), unit_uuid(3), unit_uuid(4),
                               unit_uuid(5)};
    struct parley_vm_config config = rig_vm_config(ID);

    (void)state;
    rig_start(NULL);
    config.uuids = uuids;
    config.uuid_count = PARLEY_UUIDS_PER_VM + 1;
    assert_refused("a UUID too many", &config);
    config.uuid_count = 0x10000000;
    assert_refused("many UUIDs", &config);
    config.uuid_count = PARLEY_UUIDS_PER_VM;
    assert_taken("as many UUIDs as can be", &config);

    for (unsigned int i = 0; i < PARLEY_UUIDS_PER_VM; i++) {
        struct ffa_uuid own = uuids[i];

        uuids[i] = nil_uuid;
        assert_refused("a nil UUID", &config);
        uuids[i] = uuids[(i + 1) % PARLEY_UUIDS_PER_VM];
        assert_refused("the same UUID twice", &config);
        uuids[i] = own;
    }
    /* Almost the same is not the same. */
    uuids[1] = uuids[0];
    uuids[1].bytes[15] ^= 1;
    assert_taken("two UUIDs that differ in a bit", &config);
}

static void test_peers(void **state)
{
    static const uint16_t outside[] = {0, ID, 16, 0x8001, 0xffff};
    struct parley_peer peers[16];
    struct parley_vm_config config = rig_vm_config(ID);

    (void)state;
    rig_start(NULL);
    config.peers = peers;
    config.peer_count = 1;
    for (size_t i = 0; i < COUNT(outside); i++) {
        peers[0] = (struct parley_peer){.id = outside[i], .rights = PARLEY_MAY_DISCOVER};
        assert_refused("a peer that is no other VM of the directory", &config);
    }

    for (unsigned int i = 0; i < 16; i++) {
        peers[i] = (struct parley_peer){.id = (uint16_t)(i + 1), .rights = PARLEY_MAY_ALL};
    }
    peers[ID - 1].id = 15;
    config.peer_count = 14;
    assert_taken("all others as peers", &config);
    config.peer_count = 15;
    assert_refused("a peer named twice", &config);
    config.peer_count = 0x10000000;
    assert_refused("many peers", &config);
}

static void test_rights(void **state)
{
    struct parley_peer peer = {.id = ID + 1};
    struct parley_vm_config config = rig_vm_config(ID);

    (void)state;
    rig_start(NULL);
    config.peers = &peer;
    config.peer_count = 1;
    for (unsigned int rights = 1; rights < 0x100; rights++) {
        bool known = (rights & ~PARLEY_MAY_ALL) == 0;
        bool sees = (rights & PARLEY_MAY_DISCOVER) != 0;

        peer.rights = (uint8_t)rights;
        config.secure_rights = 0;
        (known && sees ? assert_taken : assert_refused)("rights towards a peer", &config);
        peer.rights = PARLEY_MAY_DISCOVER;
        config.secure_rights = (uint8_t)rights;
        (known && sees ? assert_taken : assert_refused)("rights towards the Secure world", &config);
    }
}

static void test_id_in_use(void **state)
{
    struct parley_vm_config config = rig_vm_config(ID);
    struct posix_vm *second;
    struct posix_vm *first;

    (void)state;
    rig_start(NULL);
    first = rig_vm(&config);
    settle(first, FFA_VERSION_1_1);
    second = rig_ram(true);
    assert_int_equal(posix_vm_create(second, rig_parley(), &config), PARLEY_REFUSED_ID_USED);
    assert_null(posix_vm_parley(second));
    assert_int_equal(rig_status().vms, 1);

    /* The first has not noticed. */
    assert_int_equal(rig_vm_status(first).version, FFA_VERSION_1_1);
    assert_int_equal(CALL(first, FFA_ID_GET).regs.x[2], ID);

    rig_vm_end(first);
    assert_int_equal(posix_vm_create(second, rig_parley(), &config), PARLEY_DONE);
    assert_int_equal(CALL(second, FFA_ID_GET).status, FFA_NOT_SUPPORTED);
}

static void test_first_state(void **state)
{
    struct parley_vm_status status;
    struct parley_event event;
    struct posix_vm *vm;

    (void)state;
    rig_start(NULL);
    posix_events_clear();
    vm = rig_vm(&(struct parley_vm_config){.id = ID});
    assert_int_equal(posix_event_total(), 1);
    assert_true(posix_event_last(PARLEY_EVENT_VM_CREATED, &event));
    assert_int_equal(event.vm_id, ID);

    status = rig_vm_status(vm);
    assert_int_equal(status.id, ID);
    assert_int_equal(status.version, 0);
    assert_false(status.dying);
    assert_int_equal(status.rx, PARLEY_RX_UNMAPPED);
    assert_int_equal(status.counters.calls, 0);
    for (size_t i = 0; i < COUNT(status.counters.refused); i++) {
        assert_int_equal(status.counters.refused[i], 0);
    }
}

/* All of them at once, each with its own identity. */
static void test_full_directory(void **state)
{
    struct posix_vm *vm[15];

    (void)state;
    rig_start(NULL);
    for (uint16_t i = 0; i < 15; i++) {
        vm[i] = rig_vm(&(struct parley_vm_config){.id = (uint16_t)(15 - i)});
        settle(vm[i], FFA_VERSION_1_0 + i % 3);
    }
    assert_int_equal(rig_status().vms, 15);
    for (uint16_t i = 0; i < 15; i++) {
        assert_int_equal(CALL_ON(vm[i], 1, FFA_ID_GET).regs.x[2], 15 - i);
        assert_int_equal(rig_vm_status(vm[i]).version, FFA_VERSION_1_0 + i % 3);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(test_id),
        RIG_TEST(test_id_below_the_directory),
        RIG_TEST(test_vcpus),
        RIG_TEST(test_buffer_quota),
        RIG_TEST(test_properties),
        RIG_TEST(test_uuids),
        RIG_TEST(test_peers),
        RIG_TEST(test_rights),
        RIG_TEST(test_id_in_use),
        RIG_TEST(test_first_state),
        RIG_TEST(test_full_directory),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
