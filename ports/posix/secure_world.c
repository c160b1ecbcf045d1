/* SPDX-License-Identifier: BSD-3-Clause */
/* The Secure world behind the SMC: the portable SPMC with the partitions of the reference one. */
#include <stdio.h>
#include <string.h>

#include "../../secure/partitions/agent.h"
#include "../../secure/partitions/partitions.h"
#include "../../secure/spmc/hostile.h"
#include "internal.h"

#define UNKNOWN_SMC 0xffffffffffffffffull

static unsigned int cpu_of_caller(void *host)
{
    (void)host;
    return parley_port_cpu();
}

#define SECURE_WORLD(highest)                                                                      \
    {                                                                                              \
        .version = (highest), .partitions = secure_partitions, .partition_count = PARTITION_COUNT, \
    }

const struct spmc_config posix_spmc_1_2 = SECURE_WORLD(FFA_VERSION_1_2);
const struct spmc_config posix_spmc_1_1 = SECURE_WORLD(FFA_VERSION_1_1);
const struct spmc_config posix_spmc_1_0 = SECURE_WORLD(FFA_VERSION_1_0);

static struct {
    struct spmc_config config;
    struct spmc spmc;
    bool present;
    posix_smc_handler *handler; /* in its place */
    void *handler_context;
    pthread_mutex_t log_lock;
    struct posix_smc log[POSIX_SMC_LOG];
    unsigned int logged;
} secure = {.log_lock = PTHREAD_MUTEX_INITIALIZER};

void posix_spmc_reboot(void)
{
    spmc_init(&secure.spmc, &secure.config);
}

void secure_world_power_on(const struct spmc_config *config)
{
    secure.present = config != NULL;
    if (secure.present) {
        secure.config = *config;
        /* What tests that describe partitions of their own leave out. */
        secure.config.enter = agent_enter;
        secure.config.cpu = cpu_of_caller;
        secure.config.raise_sri = cpu_raise_sri;
        posix_spmc_reboot();
    }
    posix_smc_replace(NULL, NULL);
    posix_smc_clear();
}

/* --- What the SPMC keeps ---------------------------------------------------------------------- */

bool posix_spmc_has_buffers(void)
{
    return secure.present && secure.spmc.own.rx_owner != SPMC_RX_NOBODY;
}

/* Reads what the SPMC writes under its lock: no call may be under way. */
static const struct spmc_vm *find_vm(uint16_t id)
{
    for (unsigned int i = 0; i < SPMC_VMS_MAX; i++) {
        const struct spmc_vm *vm = &secure.spmc.vms[i];

        if (vm->id == id && (vm->pair.rx_owner != SPMC_RX_NOBODY || vm->inbox.vcpus != 0)) {
            return vm;
        }
    }
    return NULL;
}

bool posix_spmc_has_buffers_of(uint16_t id)
{
    const struct spmc_vm *vm = secure.present ? find_vm(id) : NULL;

    return vm != NULL && vm->pair.rx_owner != SPMC_RX_NOBODY;
}

struct posix_buffers posix_spmc_buffers_of(uint16_t id)
{
    const struct spmc_vm *vm = find_vm(id);

    if (vm == NULL || vm->pair.rx_owner == SPMC_RX_NOBODY) {
        posix_die("the SPMC has no buffers of this VM");
    }
    return (struct posix_buffers){.rx = vm->pair.rx, .tx = vm->pair.tx, .bytes = vm->pair.bytes};
}

bool posix_spmc_has_bitmap_of(uint16_t id)
{
    const struct spmc_vm *vm = secure.present ? find_vm(id) : NULL;

    return vm != NULL && vm->inbox.vcpus != 0;
}

unsigned int posix_spmc_busy_contexts(void)
{
    unsigned int busy = 0;

    for (unsigned int i = 0; secure.present && i < SPMC_PARTITIONS_MAX; i++) {
        for (unsigned int j = 0; j < SPMC_CONTEXTS_MAX; j++) {
            enum spmc_context_state state = secure.spmc.runtimes[i].contexts[j].state;

            busy += state != SPMC_CONTEXT_OFF && state != SPMC_CONTEXT_WAITING;
        }
    }
    return busy;
}

void secure_world_power_off(void)
{
    if (!secure.present) {
        return;
    }
    if (posix_spmc_has_buffers()) {
        posix_violation("the SPMC has Parley's buffers at power-off");
    }
    if (posix_spmc_busy_contexts() != 0) {
        posix_violation("%u contexts of partitions are busy at power-off",
                        posix_spmc_busy_contexts());
    }
    for (unsigned int id = 0; id <= UINT16_MAX; id++) {
        if (find_vm((uint16_t)id) != NULL) {
            posix_violation("the SPMC keeps something of VM %u at power-off", id);
        }
    }
}

/* --- SMCs ------------------------------------------------------------------------------------- */

void *spmc_port_map(struct spmc *spmc, uint64_t pa, size_t bytes)
{
    (void)spmc;
    return address_secure_view(pa, bytes);
}

void posix_smc_replace(posix_smc_handler *handler, void *context)
{
    secure.handler = handler;
    secure.handler_context = context;
}

void posix_smc_secure_world(struct parley_regs *regs)
{
    if (!secure.present || !ffa_fid_is_ffa((uint32_t)regs->x[0])) {
        regs->x[0] = UNKNOWN_SMC;
        return;
    }
    spmc_call(&secure.spmc, regs->x);
}

static void check_call(const struct parley_regs *call)
{
    const char *what;

    for (unsigned int i = 0; i < FFA_REGS_MAX; i++) {
        /* Physical addresses are due here; pointers never are. */
        if (posix_is_secret(call->x[i], &what) && address_secure_view(call->x[i], 1) == NULL) {
            posix_violation("SMC %#x: x%u = %#llx shows %s", (unsigned int)call->x[0], i,
                            (unsigned long long)call->x[i], what);
        }
    }
}

void parley_port_smc(struct parley_regs *regs)
{
    struct posix_smc smc = {.call = *regs};

    trap_check_hook(__func__, 1);
    check_call(regs);
    cpu_begin_smc();
    if (secure.handler != NULL) {
        secure.handler(secure.handler_context, regs);
    } else {
        posix_smc_secure_world(regs);
    }
    cpu_end_smc();
    smc.answer = *regs;
    pthread_mutex_lock(&secure.log_lock);
    if (secure.logged < POSIX_SMC_LOG) {
        secure.log[secure.logged] = smc;
    }
    secure.logged++;
    pthread_mutex_unlock(&secure.log_lock);
}

unsigned int posix_smc_count(void)
{
    return secure.logged;
}

const struct posix_smc *posix_smc_at(unsigned int index)
{
    return index < secure.logged && index < POSIX_SMC_LOG ? &secure.log[index] : NULL;
}

void posix_smc_clear(void)
{
    secure.logged = 0;
}
