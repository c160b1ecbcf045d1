/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that is signalled: its vCPUs 0 and 2 sleep in WFI, and its vCPU 1 has others wake them: a
 * Secure Partition, and the VM "erin".
 */
#include "partition.h"
#include "servant.h"
#include "world.h"

#define ECHO PARTITION_ECHO_ID
#define NPI  WORLD_NPI_INTID

/* Notifications of the partition and of the VM, for all of this VM and for each vCPU. */
#define SP_ALL  0x00000005u
#define SP_OWN  0x00000100u
#define VM_ALL  0x00000030u
#define VM_OWN  0x00001000u
#define SP_SIGN 0x00000040u /* what we signal the partition */

#define PATIENCE_US 10000000u
#define MOMENT_US   2000u
#define SLEEPS      2u /* one after the other: for the partition, and for the VM */

struct bedroom {
    struct client client;
    uint16_t self;
    bool has_partition;
    const char *where;      /* the partition is */
    unsigned int asleep[3]; /* how often each vCPU has gone to sleep */
    unsigned int awake[3];  /* and has told what woke it */
};

static unsigned int read_count(const unsigned int *count)
{
    return __atomic_load_n(count, __ATOMIC_ACQUIRE);
}

static void add_one(unsigned int *count)
{
    __atomic_add_fetch(count, 1, __ATOMIC_RELEASE);
}

static void let_time_pass(void)
{
    for (uint64_t end = guest_clock() + MOMENT_US; guest_clock() < end;) {
        guest_yield();
    }
}

static int32_t bind(struct bedroom *bedroom, uint16_t sender, uint32_t flags, uint32_t bits)
{
    return FFA_STATUS(&bedroom->client, FFA_NOTIFICATION_BIND, ffa_ids_make(sender, bedroom->self),
                      flags, bits, 0);
}

/* --- Who sleeps ------------------------------------------------------------------------------- */

static void tell(const struct guest_regs *got)
{
    bool is_sp = got->x[2] != 0;

    guest_print("vCPU %u is woken in WFI by interrupt %u -> gets %#x of %ss, and nothing else",
                guest_vcpu(), NPI, (unsigned int)(is_sp ? got->x[2] : got->x[4]),
                is_sp ? "SP" : "VM");
}

/* `sp` and `vm` are what this vCPU is signalled, in this order. */
static void sleep_twice(struct bedroom *bedroom, uint32_t sp, uint32_t vm)
{
    struct client *client = &bedroom->client;
    unsigned int vcpu = guest_vcpu();

    guest_interrupt_enable(NPI);
    for (unsigned int i = bedroom->has_partition ? 0 : 1; i < SLEEPS; i++) {
        uint32_t told = guest_interrupt_count(NPI);
        struct guest_regs got;

        add_one(&bedroom->asleep[vcpu]);
        expect(client, guest_interrupt_await(NPI, told + 1), "who sleeps is woken");
        got =
            FFA(client, FFA_NOTIFICATION_GET, ffa_receiver_info_make(bedroom->self, (uint16_t)vcpu),
                FFA_NOTIFICATION_GET_SP | FFA_NOTIFICATION_GET_VM);
        expect_equal(client, got.x[2], i == 0 ? sp : 0, "the bits of partitions");
        expect_equal(client, got.x[4], i == 0 ? 0 : vm, "the bits of VMs");
        expect_equal(client, got.x[3] | got.x[5] | got.x[6] | got.x[7], 0, "no others");
        tell(&got);
        add_one(&bedroom->awake[vcpu]);
    }
}

static void sleep_on_vcpu_2(void *argument)
{
    sleep_twice(argument, SP_OWN, VM_OWN);
}

/* --- Who wakes -------------------------------------------------------------------------------- */

/* They have said that they are about to sleep. */
static void await_asleep(const struct bedroom *bedroom, unsigned int times)
{
    while (read_count(&bedroom->asleep[0]) < times || read_count(&bedroom->asleep[2]) < times) {
        guest_yield();
    }
    let_time_pass();
}

static void await_awake(const struct bedroom *bedroom, unsigned int vcpu, unsigned int times)
{
    while (read_count(&bedroom->awake[vcpu]) < times) {
        guest_yield();
    }
}

static uint32_t own_of_vcpu_2(void)
{
    return ffa_notification_set_make(FFA_NOTIFICATION_SET_PER_VCPU, 2);
}

static void be_signalled_by_partition(struct bedroom *bedroom, unsigned int times)
{
    struct client *client = &bedroom->client;

    await_asleep(bedroom, times);
    guest_print("vCPUs 0 and 2 sleep; vCPU 1 has SP %#x%s signal the VM, then vCPU 2 alone", ECHO,
                bedroom->where);
    expect_status(
        client,
        PARTITION_ASK(client, bedroom->self, ECHO, COMMAND_NOTIFY, bedroom->self, 0, SP_ALL),
        FFA_OK, "the partition's signal for all");
    await_awake(bedroom, 0, times);
    expect_status(client,
                  PARTITION_ASK(client, bedroom->self, ECHO, COMMAND_NOTIFY, bedroom->self,
                                own_of_vcpu_2(), SP_OWN),
                  FFA_OK, "the partition's signal for vCPU 2");
    await_awake(bedroom, 2, times);
}

static void have_erin_set(const struct errand *errand, uint32_t w2, uint32_t bits)
{
    struct guest_regs set = errand_call(
        errand, FFA_NOTIFICATION_SET,
        (const uint64_t[ERRAND_WORDS]){ffa_ids_make(WORLD_ERIN, errand->self), w2, bits});

    expect_status(errand->client, client_status(&set), FFA_OK, "erin's FFA_NOTIFICATION_SET");
}

static void be_signalled_by_vm(struct bedroom *bedroom, const struct errand *errand,
                               unsigned int times)
{
    await_asleep(bedroom, times);
    guest_print("they sleep again; vCPU 1 has VM erin signal the VM, then vCPU 2 alone");
    have_erin_set(errand, 0, VM_ALL);
    await_awake(bedroom, 0, times);
    have_erin_set(errand, own_of_vcpu_2(), VM_OWN);
    await_awake(bedroom, 2, times);
}

/*
 * It looks when it is given cycles, not when it is asked what it found: it is run because it was
 * signalled. Others may send it messages, of which it is told in the same way.
 */
static void signal_partition(struct bedroom *bedroom)
{
    struct client *client = &bedroom->client;
    uint64_t end = guest_clock() + PATIENCE_US;
    uint32_t found = 0;

    expect_status(
        client, PARTITION_ASK(client, bedroom->self, ECHO, COMMAND_BIND, bedroom->self, 0, SP_SIGN),
        FFA_OK, "the partition's BIND");
    expect_status(
        client,
        FFA_STATUS(client, FFA_NOTIFICATION_SET, ffa_ids_make(bedroom->self, ECHO), 0, SP_SIGN, 0),
        FFA_OK, "SET for a partition");
    while (found == 0 && guest_clock() < end) {
        uint64_t word[PARTITION_WORDS] = {COMMAND_NOTIFICATIONS};

        guest_yield();
        partition_ask(client, bedroom->self, ECHO, word);
        found |= (uint32_t)word[2];
    }
    expect_equal(client, found, SP_SIGN, "what the partition got");
    guest_print("signals SP %#x%s, which waits -> it is run, and gets %#x", ECHO, bedroom->where,
                found);
}

static void have_all_woken(void *argument)
{
    struct bedroom *bedroom = argument;
    struct errand errand = {
        .client = &bedroom->client,
        .self = bedroom->self,
        .servant = WORLD_ERIN,
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
    };
    unsigned int times = 0;

    if (bedroom->has_partition) {
        be_signalled_by_partition(bedroom, ++times);
    }
    be_signalled_by_vm(bedroom, &errand, ++times);
    if (bedroom->has_partition) {
        signal_partition(bedroom);
    }
    ERRAND(&errand, SERVANT_STOP, 0, 0);
}

/* --- The VM ----------------------------------------------------------------------------------- */

/* A sender has to be there before something can be bound to it. */
static void bind_all(struct bedroom *bedroom)
{
    struct client *client = &bedroom->client;
    int32_t status;

    while ((status = bind(bedroom, WORLD_ERIN, 0, VM_ALL)) == FFA_INVALID_PARAMETERS) {
        let_time_pass();
    }
    expect_status(client, status, FFA_OK, "BIND to a VM");
    expect_status(client, bind(bedroom, WORLD_ERIN, 1, VM_OWN), FFA_OK, "BIND of each vCPU's");
    if (bedroom->has_partition) {
        expect_status(client, bind(bedroom, ECHO, 0, SP_ALL), FFA_OK, "BIND to a partition");
        expect_status(client, bind(bedroom, ECHO, 1, SP_OWN), FFA_OK, "BIND of each vCPU's");
    }
}

void guest_main(void)
{
    struct bedroom bedroom = {.self = 0};
    struct client *client = &bedroom.client;

    client_init(client);
    client_version(client, FFA_VERSION_1_1);
    bedroom.self = (uint16_t)FFA(client, FFA_ID_GET).x[2];
    bedroom.has_partition = secure_world_is_known(members_secure_world(client, NULL));
    if (bedroom.has_partition) {
        bedroom.where = partition_is_at_s_el1(client, bedroom.self, ECHO) ? " at S-EL1" : "";
    }
    bind_all(&bedroom);
    expect(client, guest_vcpu_start(2, sleep_on_vcpu_2, &bedroom), "vCPU 2 starts");
    expect(client, guest_vcpu_start(1, have_all_woken, &bedroom), "vCPU 1 starts");
    sleep_twice(&bedroom, SP_ALL, VM_ALL);
    guest_vcpu_join(2);
    guest_vcpu_join(1);
}
