/* SPDX-License-Identifier: BSD-3-Clause */
/* The Secure world behind the SMC: the portable SPMC with the partitions of the reference one. */
#include <stdio.h>
#include <string.h>

#include "../../secure/partitions/partitions.h"
#include "../../secure/spmc/hostile.h"
#include "internal.h"

#define UNKNOWN_SMC 0xffffffffffffffffull

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
        posix_spmc_reboot();
    }
    posix_smc_replace(NULL, NULL);
    posix_smc_clear();
}

void secure_world_power_off(void)
{
    if (secure.present && posix_spmc_has_buffers()) {
        posix_violation("the SPMC has Parley's buffers at power-off");
    }
}

bool posix_spmc_has_buffers(void)
{
    return secure.present && secure.spmc.rx_owner != SPMC_RX_NOBODY;
}

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

    trap_check_hook(__func__, 0);
    check_call(regs);
    if (secure.handler != NULL) {
        secure.handler(secure.handler_context, regs);
    } else {
        posix_smc_secure_world(regs);
    }
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
