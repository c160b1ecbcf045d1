/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the rows about memory stand on: the VMs a to d of tests/unit/memory.h, and Secure Partitions
 * that they grant memory to. Each test runs twice, as there: at once, and in pieces.
 */
#ifndef MUSEUM_MEMORY_H
#define MUSEUM_MEMORY_H

#include "../unit/memory.h"

#include "../../secure/partitions/commands.h"
#include "../../secure/partitions/partitions.h"
#include "../../secure/spmc/hostile.h"

#define ECHO PARTITION_ECHO_ID
#define TRIO PARTITION_TRIO_ID

#define TEST(name) RIG_TEST(name)

/* Whether the hypervisor has something more urgent to do after each piece of a call. */
extern bool in_pieces;

/* The tests of one file: runs them twice, adds their number to *count, returns how many failed. */
#define MEMORY_SECTION(name, ...)                                                              \
    int name(size_t *count)                                                                    \
    {                                                                                          \
        static const struct CMUnitTest tests[] = {__VA_ARGS__};                                \
        int failed;                                                                            \
                                                                                               \
        *count += 2 * COUNT(tests);                                                            \
        in_pieces = false;                                                                     \
        failed = _cmocka_run_group_tests("at once", tests, COUNT(tests), NULL, NULL);          \
        in_pieces = true;                                                                      \
        return failed + _cmocka_run_group_tests("in pieces", tests, COUNT(tests), NULL, NULL); \
    }

int museum_memory_read(size_t *count);
int museum_memory_shape(size_t *count);
int museum_memory_counts(size_t *count);
int museum_memory_rules(size_t *count);
int museum_memory_states(size_t *count);
int museum_memory_lives(size_t *count);
int museum_memory_secure(size_t *count);
int museum_memory_lies(size_t *count);

/* --- With a Secure world ---------------------------------------------------------------------- */

/* As start_versions(), with this SPMC; and with one of 1.2 that lies. LIES(...) writes both. */
void start_secure(const struct spmc_config *secure);

#define LIES(...)                           \
    (const struct spmc_lie[]){__VA_ARGS__}, \
        (unsigned int)COUNT(((const struct spmc_lie[]){__VA_ARGS__}))

void lying_start(const struct spmc_lie *lies, unsigned int count);
void no_more_lies(void);

/* VM 1 of the world that was started last, with buffers of one page; and so on. */
extern struct posix_vm *vm_a, *vm_b, *vm_c;

struct reply {
    int32_t status;
    uint32_t word[5]; /* 1 to 4 */
};

/* A command to a partition, whose words are as commands.h says. */
struct reply command(struct posix_vm *vm, uint16_t partition, uint32_t fid, uint32_t w1,
                     uint32_t w2, uint32_t w3, uint32_t w4);

struct reply sp_retrieve(struct posix_vm *vm, uint16_t partition, uint64_t handle, uint16_t sender,
                         uint8_t permissions);
int32_t sp_relinquish(struct posix_vm *vm, uint16_t partition, uint64_t handle);

/* The handle of what must succeed; it is the SPMC's. */
uint64_t sent_to_sp(struct posix_vm *vm, uint32_t fid, const struct grant *grant);

/* n single pages from page 8 on, every other one. They stay valid until the next call. */
#define SINGLES_MAX 64u
void of_singles(struct grant *grant, const struct posix_vm *vm, unsigned int n);

/* --- Descriptors as bytes --------------------------------------------------------------------- */

#define VERSIONS 3u
extern const uint32_t versions[VERSIONS];

/* VM 1 at this version and VM 2 at 1.2, without a Secure world. */
void start_at(uint32_t version);

/* What send_raw() sends, as much of it as fits TX. */
extern uint8_t described[GRANT_BYTES_MAX];
void put(uint32_t at, uint64_t value, unsigned int count);
struct answer send_raw(uint32_t fid, uint32_t total, uint32_t fragment);
void expect_refused(uint32_t total, uint32_t fragment);
void expect_accepted(const struct answer *answer); /* and takes it back */

/* An ordinary descriptor of 1.2, with one borrower and one range; where its parts are. */
enum {
    HEADER = 48,
    ACCESS = 48,
    COMPOSITE = 80,
    RANGE = 96,
    TOTAL = 112
};

void ordinary(void);

/* --- What must be true ------------------------------------------------------------------------ */

/* The VM has all that it had at first, nobody has any of it, and it can write to it. */
void expect_nothing_granted(const struct posix_vm *vm);

/* Transactions of a VM that are in this state. */
unsigned int transactions_in(const struct posix_vm *vm, enum parley_transaction_state state);

/* SMCs of this ABI since the log was cleared, whatever they were answered. */
unsigned int smcs_of(uint32_t fid);

/*
 * Ends VM 1, of which an SPMC may keep something, and the machine; how many pages are lost. Whether
 * some are is known to the operator and to nobody else.
 */
unsigned int end_with_what_is_lost(struct posix_vm *vm);

#endif
