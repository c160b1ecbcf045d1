/* SPDX-License-Identifier: BSD-3-Clause */
#include "spmc.h"

#include <string.h>

#include "mailbox.h"

/* What NOTIFICATION_INFO_GET has told of: the VM as a whole, its vCPUs, the partition's contexts.
 */
#define TOLD_GLOBAL           1u
#define TOLD_VCPU(vcpu)       (2u << (vcpu))
#define TOLD_CONTEXT(context) (0x100u << (context))

#define VCPUS 2u

static struct world_spmc *spmc(void)
{
    return &world.spmc;
}

static void succeed(struct parley_regs *regs)
{
    *regs = (struct parley_regs){{FFA_SUCCESS_32}};
}

static void refuse(struct parley_regs *regs, int32_t status)
{
    *regs = (struct parley_regs){{FFA_ERROR, 0, (uint32_t)status}};
}

/* --- Setting up ----------------------------------------------------------- */

static void features(struct parley_regs *regs)
{
    switch (regs->x[1]) {
    case FFA_RXTX_MAP_64:
    case FFA_MSG_SEND2:
        succeed(regs);
        break;
    case FFA_FEATURE_SRI:
        succeed(regs);
        regs->x[2] = 8;
        break;
    default:
        refuse(regs, FFA_NOT_SUPPORTED);
        break;
    }
}

/* One of the VM's buffers, out of the descriptor in the mediator's TX buffer. */
static uint8_t *described(uint32_t offset)
{
    struct ffa_mem_constituent constituent;

    memcpy(&constituent, spmc()->own_tx + offset + sizeof(struct ffa_mem_composite),
           sizeof(constituent));
    return (uint8_t *)(uintptr_t)constituent.address;
}

static void map_for_vm(void)
{
    struct ffa_rxtx_descriptor_1_1 descriptor;

    EXPECT(spmc()->vm_rx == NULL, "the VM's buffers are registered twice");
    memcpy(&descriptor, spmc()->own_tx, sizeof(descriptor));
    EXPECT(descriptor.endpoint == SPMC_VM, "buffers are registered of VM %u", descriptor.endpoint);
    spmc()->vm_rx = described(descriptor.rx_offset);
    spmc()->vm_tx = described(descriptor.tx_offset);
}

static void map(struct parley_regs *regs)
{
    if (regs->x[1] != 0) {
        spmc()->own_tx = (uint8_t *)(uintptr_t)regs->x[1];
        spmc()->own_rx = (uint8_t *)(uintptr_t)regs->x[2];
    } else {
        map_for_vm();
    }
    succeed(regs);
}

/* Buffers that hold a message stay where they are; what was told of one that did pends on. */
static void unmap(struct parley_regs *regs)
{
    EXPECT(spmc()->vm_rx != NULL, "the VM's buffers are taken back, and there are none");
    if (spmc()->vm_rx_is_full) {
        refuse(regs, FFA_DENIED);
        return;
    }
    spmc()->vm_rx = NULL;
    spmc()->vm_tx = NULL;
    succeed(regs);
}

static void list_partitions(struct parley_regs *regs)
{
    const struct ffa_partition_info_1_1 partition = {
        .id = SPMC_PARTITION,
        .contexts = spmc()->contexts,
        .properties = spmc()->properties,
    };

    memcpy(spmc()->own_rx, &partition, sizeof(partition));
    succeed(regs);
    regs->x[2] = 1;
    regs->x[3] = sizeof(partition);
}

/* --- Messages ------------------------------------------------------------- */

static void release(struct parley_regs *regs)
{
    if (regs->x[1] == 0) {
        succeed(regs); /* the mediator's own */
    } else if (spmc()->vm_rx_is_full) {
        spmc()->vm_rx_is_full = false;
        succeed(regs);
    } else {
        refuse(regs, FFA_DENIED);
    }
}

/* A message of the VM's to the partition, which reads it at once. */
static void take_message(struct parley_regs *regs)
{
    EXPECT(spmc()->vm_tx != NULL, "a message is sent from a buffer that is not there");
    if (spmc()->received < WORLD_RECEIVED_MAX) {
        spmc()->token[spmc()->received++] = mailbox_read(spmc()->vm_tx, SPMC_PARTITION);
    }
    succeed(regs);
}

bool spmc_send(uint32_t token)
{
    explore_call();
    explore_touch(&world.spmc);
    if (spmc()->vm_rx == NULL || spmc()->vm_rx_is_full) {
        return false;
    }
    memset(spmc()->vm_rx, 0, FFA_PAGE_SIZE);
    mailbox_write(spmc()->vm_rx, SPMC_PARTITION, SPMC_VM, token);
    spmc()->vm_rx_is_full = true;
    if (spmc()->has_bitmap) {
        spmc()->rx_full = true;
        spmc()->told &= ~TOLD_GLOBAL;
    }
    return true;
}

/* --- Notifications -------------------------------------------------------- */

static void make_bitmap(struct parley_regs *regs)
{
    EXPECT(!spmc()->has_bitmap, "a second bitmap is made");
    spmc()->has_bitmap = true;
    succeed(regs);
}

static uint64_t pending_of_vm(void)
{
    uint64_t pending = spmc()->global;

    for (unsigned int i = 0; i < VCPUS; i++) {
        pending |= spmc()->of_vcpu[i];
    }
    return pending;
}

static void destroy_bitmap(struct parley_regs *regs)
{
    EXPECT(spmc()->has_bitmap, "a bitmap is destroyed, and there is none");
    if ((spmc()->bound | pending_of_vm()) != 0 || spmc()->rx_full) {
        refuse(regs, FFA_DENIED);
        return;
    }
    spmc()->has_bitmap = false;
    succeed(regs);
}

static void bind(struct parley_regs *regs)
{
    EXPECT(spmc()->has_bitmap, "notifications are bound, and there is no bitmap");
    spmc()->bound |= regs->x[3];
    succeed(regs);
}

/* Only what is bound, and does not pend. */
static void unbind(struct parley_regs *regs)
{
    uint64_t signals = regs->x[3];

    if ((signals & ~spmc()->bound) != 0 || (signals & pending_of_vm()) != 0) {
        refuse(regs, FFA_DENIED);
        return;
    }
    spmc()->bound &= ~signals;
    succeed(regs);
}

void spmc_signal(unsigned int vcpu, uint32_t signals)
{
    explore_call();
    explore_touch(&world.spmc);
    if ((signals & ~spmc()->bound) != 0) {
        return;
    }
    if (vcpu == SPMC_EVERY_VCPU) {
        spmc()->global |= signals;
        spmc()->told &= ~TOLD_GLOBAL;
    } else {
        spmc()->of_vcpu[vcpu] |= signals;
        spmc()->told &= ~TOLD_VCPU(vcpu);
    }
}

void spmc_signal_partition(unsigned int context)
{
    explore_call();
    explore_touch(&world.spmc);
    spmc()->of_context[context]++;
    spmc()->told &= ~TOLD_CONTEXT(context);
}

static void get(struct parley_regs *regs)
{
    uint16_t vcpu = ffa_receiver_info_vcpu((uint32_t)regs->x[1]);
    uint32_t flags = (uint32_t)regs->x[2];

    if (spmc()->gets_to_refuse != 0) {
        spmc()->gets_to_refuse--;
        refuse(regs, FFA_RETRY);
        return;
    }
    succeed(regs);
    if ((flags & FFA_NOTIFICATION_GET_SP) != 0) {
        regs->x[2] = spmc()->global | spmc()->of_vcpu[vcpu];
        spmc()->global = 0;
        spmc()->of_vcpu[vcpu] = 0;
    }
    if ((flags & FFA_NOTIFICATION_GET_SPM) != 0 && spmc()->rx_full) {
        regs->x[6] = FFA_NOTIFICATION_RX_FULL;
        spmc()->rx_full = false;
    }
}

struct lists {
    unsigned int lists;
    unsigned int ids;
    uint64_t counts;
    uint16_t id[FFA_NOTIFICATION_INFO_GET_64_MAX];
};

/* A list of one receiver, if it is news that something pends for it: as a whole, or for `context`.
 */
static void add_list(struct lists *lists, uint16_t receiver, unsigned int context, bool pends,
                     uint32_t told)
{
    if (!pends || (spmc()->told & told) != 0) {
        return;
    }
    spmc()->told |= told;
    lists->id[lists->ids++] = receiver;
    if (context != SPMC_EVERY_VCPU) {
        lists->id[lists->ids++] = (uint16_t)context;
        lists->counts |= ffa_notification_info_list(lists->lists, 1);
    }
    lists->lists++;
}

static void info_get(struct parley_regs *regs)
{
    struct lists lists = {0};

    add_list(&lists, SPMC_VM, SPMC_EVERY_VCPU, spmc()->global != 0 || spmc()->rx_full, TOLD_GLOBAL);
    for (unsigned int i = 0; i < VCPUS; i++) {
        add_list(&lists, SPMC_VM, i, spmc()->of_vcpu[i] != 0, TOLD_VCPU(i));
    }
    for (unsigned int i = 0; i < WORLD_CPUS; i++) {
        add_list(&lists, SPMC_PARTITION, i, spmc()->of_context[i] != 0, TOLD_CONTEXT(i));
    }
    if (lists.lists == 0) {
        refuse(regs, FFA_NO_DATA);
        return;
    }
    *regs = (struct parley_regs){
        {FFA_SUCCESS_64, 0, ffa_notification_info_make(false, lists.lists) | lists.counts}};
    memcpy(&regs->x[3], lists.id, sizeof(lists.id));
}

void spmc_interrupt(void)
{
    do {
        explore_call();
    } while (parley_schedule_receivers(world.parley) == PARLEY_AGAIN);
}

/* --- One call ------------------------------------------------------------- */

void spmc_call(struct parley_regs *regs)
{
    spmc()->asked[explore_thread()] = true;
    switch (regs->x[0]) {
    case FFA_VERSION:
        regs->x[0] = FFA_VERSION_1_2;
        break;
    case FFA_FEATURES:
        features(regs);
        break;
    case FFA_SPM_ID_GET:
        succeed(regs);
        regs->x[2] = SPMC_ID;
        break;
    case FFA_RXTX_MAP_64:
        map(regs);
        break;
    case FFA_RXTX_UNMAP:
        unmap(regs);
        break;
    case FFA_PARTITION_INFO_GET:
        list_partitions(regs);
        break;
    case FFA_RX_RELEASE:
        release(regs);
        break;
    case FFA_NOTIFICATION_GET:
        get(regs);
        break;
    case FFA_NOTIFICATION_INFO_GET_64:
        info_get(regs);
        break;
    case FFA_RUN:
        spmc_run(regs);
        break;
    case FFA_NOTIFICATION_BITMAP_CREATE:
        make_bitmap(regs);
        break;
    case FFA_NOTIFICATION_BITMAP_DESTROY:
        destroy_bitmap(regs);
        break;
    case FFA_NOTIFICATION_BIND:
        bind(regs);
        break;
    case FFA_NOTIFICATION_UNBIND:
        unbind(regs);
        break;
    case FFA_MSG_SEND_DIRECT_REQ_32:
        spmc_request(regs);
        break;
    case FFA_MSG_SEND2:
        take_message(regs);
        break;
    case FFA_ID_GET: /* the hypervisor's is 0 */
        succeed(regs);
        break;
    default:
        refuse(regs, FFA_NOT_SUPPORTED);
        break;
    }
}
