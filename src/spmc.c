/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client of the SPMC at the Non-secure physical instance. Nothing that the SPMC answers is
 * trusted: each answer is decoded by its kind, bounded, and copied before it is looked at.
 */
#include "internal.h"

int32_t parley_spmc_status_code(uint32_t code)
{
    if (code != 0 && code < (uint32_t)FFA_NO_DATA) {
        return FFA_ABORTED;
    }
    /* Two's complement, read without a conversion that depends on the compiler. */
    return -(int32_t)(~code + 1u);
}

int32_t parley_spmc_status(const struct parley_regs *regs)
{
    uint32_t answer = (uint32_t)regs->x[0];

    if (answer == FFA_SUCCESS_32 || answer == FFA_SUCCESS_64) {
        return FFA_OK;
    }
    /* An error without a code is none that FF-A knows. */
    if (answer == FFA_ERROR && (uint32_t)regs->x[2] != 0) {
        return parley_spmc_status_code((uint32_t)regs->x[2]);
    }
    return FFA_ABORTED;
}

static int32_t ask(struct parley_regs *regs)
{
    parley_port_smc(regs);
    return parley_spmc_status(regs);
}

/* --- Version -------------------------------------------------------------- */

static uint32_t ask_version(uint32_t version)
{
    struct parley_regs regs = {{FFA_VERSION, version}};

    parley_port_smc(&regs);
    return (uint32_t)regs.x[0];
}

/*
 * The version to speak, or 0 and in *why the reason for none. An SPMC that offers an earlier one
 * than asked for is asked again for just that one, so that it knows it, too (FF-A 1.2, 13.2.1).
 */
static uint32_t agree_on_version(uint32_t *answer, const char **why)
{
    *answer = ask_version(PARLEY_FFA_VERSION);
    if ((*answer & FFA_VERSION_BIT31) != 0) {
        *why = "there is none that speaks FF-A";
        return 0;
    }
    if (FFA_VERSION_MAJOR(*answer) != 1) {
        *why = "it speaks another major version";
        return 0;
    }
    if (*answer < FFA_VERSION_1_1) {
        *why = "it speaks 1.0 only";
        return 0;
    }
    if (*answer >= PARLEY_FFA_VERSION) {
        return PARLEY_FFA_VERSION;
    }

    uint32_t offered = *answer;
    *answer = ask_version(offered);
    if (*answer != offered) {
        *why = "it does not keep to the version that it offers";
        return 0;
    }
    return offered;
}

/* --- Features, buffers, identity ------------------------------------------ */

static bool takes_our_buffers(void)
{
    struct parley_regs regs = {{FFA_FEATURES, FFA_RXTX_MAP_64}};

    return ask(&regs) == FFA_OK &&
           (regs.x[2] & FFA_FEATURES_RXTX_MAP_MIN_MASK) == FFA_FEATURES_RXTX_MAP_MIN_4K;
}

static bool knows_us_as_the_hypervisor(void)
{
    struct parley_regs regs = {{FFA_ID_GET}};

    return ask(&regs) == FFA_OK && (regs.x[2] & FFA_ID_MASK) == FFA_ID_HYPERVISOR;
}

static bool map_buffers(struct spmc *spmc)
{
    struct parley_regs regs = {
        {FFA_RXTX_MAP_64, parley_port_pa(spmc->tx).value, parley_port_pa(spmc->rx).value, 1}};

    spmc->mapped = ask(&regs) == FFA_OK;
    return spmc->mapped;
}

static void learn_id(struct spmc *spmc)
{
    struct parley_regs regs = {{FFA_SPM_ID_GET}};

    spmc->has_id = ask(&regs) == FFA_OK;
    spmc->id = spmc->has_id ? (uint16_t)(regs.x[2] & FFA_ID_MASK) : 0;
}

static bool takes_messages(void)
{
    struct parley_regs regs = {{FFA_FEATURES, FFA_MSG_SEND2}};

    return ask(&regs) == FFA_OK;
}

/* The number of the schedule receiver interrupt: an SPMC that has one has notifications. */
static uint16_t schedule_receiver_interrupt(void)
{
    struct parley_regs regs = {{FFA_FEATURES, FFA_FEATURE_SRI}};

    return ask(&regs) == FFA_OK ? (uint16_t)regs.x[2] : 0;
}

enum parley_version parley_spmc_layout_version(const struct spmc *spmc)
{
    return spmc->version >= FFA_VERSION_1_2 ? VERSION_1_2 : VERSION_1_1;
}

/* Under the lock of Parley's TX buffer, where the descriptor is. */
static int32_t map_for_vm(struct spmc *spmc, uint16_t vm, parley_pa rx, parley_pa tx,
                          unsigned int pages)
{
    struct parley_regs regs = {{FFA_RXTX_MAP_64}};

    parley_layout_rxtx_encode(vm, rx, tx, pages, spmc->tx);
    return ask(&regs);
}

int32_t parley_spmc_map_for_vm(struct spmc *spmc, uint16_t vm, const uint8_t *rx, const uint8_t *tx,
                               unsigned int pages)
{
    parley_pa rx_pa = parley_port_pa(rx);
    parley_pa tx_pa = parley_port_pa(tx);

    parley_lock_take(&spmc->lock);
    int32_t status = map_for_vm(spmc, vm, rx_pa, tx_pa, pages);
    parley_lock_drop(&spmc->lock);
    return status;
}

int32_t parley_spmc_release_rx(uint16_t vm)
{
    struct parley_regs regs = {{FFA_RX_RELEASE, vm}};

    return ask(&regs);
}

/* --- The list of partitions ----------------------------------------------- */

static void tell_ignored(uint16_t id, const char *why)
{
    parley_port_event(
        &(struct parley_event){.kind = PARLEY_EVENT_PARTITION_IGNORED, .value = id, .text = why});
}

/* Why an entry cannot be kept, or NULL; then *first_of_id is the first entry of its partition. */
static const char *check_partition(const struct spmc *spmc, const struct partition_entry *entry,
                                   uint16_t *first_of_id)
{
    *first_of_id = spmc->partition_count;
    if (!ffa_id_is_secure(entry->id)) {
        return "its ID is not one of the Secure world's";
    }
    if (spmc->has_id && entry->id == spmc->id) {
        return "its ID is the SPMC's own";
    }
    for (unsigned int i = 0; i < spmc->partition_count; i++) {
        const struct partition_entry *kept = &spmc->partitions[i].entry;

        if (kept->id == entry->id) {
            *first_of_id = spmc->partitions[i].first_of_id;
            if (uuid_equal(&kept->uuid, &entry->uuid)) {
                return "it is there twice";
            }
        }
    }
    return spmc->partition_count < spmc->partitions_max ? NULL : "there are more than are kept";
}

static void keep_partition(struct spmc *spmc, const struct partition_entry *entry)
{
    uint16_t first_of_id;
    const char *why_not = check_partition(spmc, entry, &first_of_id);

    if (why_not != NULL) {
        tell_ignored(entry->id, why_not);
        return;
    }
    spmc->partitions[spmc->partition_count++] = (struct partition){*entry, first_of_id};
}

/* Reads what PARTITION_INFO_GET left in the RX buffer: `count` descriptors, `bytes` apart. */
static bool read_descriptors(struct spmc *spmc, uint32_t count, uint32_t bytes)
{
    if (bytes < LAYOUT_PARTITION_BYTES_MAX || bytes > FFA_PAGE_SIZE ||
        count > FFA_PAGE_SIZE / bytes) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint8_t descriptor[LAYOUT_PARTITION_BYTES_MAX];
        struct partition_entry entry;

        parley_copy(descriptor, spmc->rx + (size_t)i * bytes, sizeof(descriptor));
        parley_layout_partition_decode(descriptor, &entry);
        keep_partition(spmc, &entry);
    }
    return true;
}

static bool read_partitions(struct spmc *spmc)
{
    struct parley_regs regs = {{FFA_PARTITION_INFO_GET}};
    int32_t status = ask(&regs);

    if (status == FFA_INVALID_PARAMETERS) {
        return true; /* nobody there (FF-A 1.2, 6.2): no list, and RX was not handed over */
    }
    if (status != FFA_OK) {
        return false;
    }

    bool understood = read_descriptors(spmc, (uint32_t)regs.x[2], (uint32_t)regs.x[3]);
    struct parley_regs release = {{FFA_RX_RELEASE}};
    return ask(&release) == FFA_OK && understood;
}

/* --- Connecting ----------------------------------------------------------- */

/* Why the SPMC cannot be worked with, or NULL if all went well. */
static const char *connect_buffers(struct spmc *spmc)
{
    if (!takes_our_buffers()) {
        return "it does not say that it takes buffers of 4 KiB";
    }
    if (!knows_us_as_the_hypervisor()) {
        return "it does not take Parley for the hypervisor";
    }
    learn_id(spmc);
    if (!map_buffers(spmc)) {
        return "it refuses Parley's buffers";
    }
    spmc->takes_messages = takes_messages();
    spmc->sri_intid = schedule_receiver_interrupt();
    if (!read_partitions(spmc)) {
        return "it does not list its partitions";
    }
    return NULL;
}

void parley_spmc_connect(struct spmc *spmc)
{
    const char *why_not = NULL;
    uint32_t answer;

    spmc->version = agree_on_version(&answer, &why_not);
    if (spmc->version != 0) {
        why_not = connect_buffers(spmc);
    }
    if (why_not != NULL) {
        (void)parley_spmc_disconnect(spmc);
        parley_port_event(&(struct parley_event){
            .kind = PARLEY_EVENT_SPMC_ABSENT, .value = answer, .text = why_not});
        return;
    }
    parley_port_event(
        &(struct parley_event){.kind = PARLEY_EVENT_SPMC_FOUND, .value = spmc->version});
}

int32_t parley_spmc_disconnect(struct spmc *spmc)
{
    spmc->version = 0;
    spmc->has_id = false;
    spmc->takes_messages = false;
    spmc->sri_intid = 0;
    spmc->partition_count = 0;
    if (!spmc->mapped) {
        return FFA_OK;
    }

    struct parley_regs regs = {{FFA_RXTX_UNMAP, ffa_rxtx_unmap_make(FFA_ID_HYPERVISOR)}};
    int32_t status = ask(&regs);
    if (status == FFA_OK) {
        spmc->mapped = false;
    } else {
        parley_port_event(&(struct parley_event){
            .kind = PARLEY_EVENT_SPMC_REFUSED, .fid = FFA_RXTX_UNMAP, .status = status});
    }
    return status;
}
