/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of FF-A that trusts nobody. Every call goes out with a pattern in each register that is
 * not an argument and in the upper half of each 32-bit one, and of every answer all registers are
 * checked against FF-A's rules. So each call of each program is a test of the register rules; a
 * program states only what it expects of the answer itself.
 *
 * To know the rules it follows the VM's negotiation by itself, from what was asked: it never looks
 * at what the other side believes.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <guest.h>

struct client {
    uint32_t proposed; /* what the version will be, or 0 */
    uint32_t version;  /* in force; 0 while none is */
    /*
     * Several vCPUs call at the same time while the version is not final yet: `version` is what it
     * may become at any moment, and the client does not follow the negotiation.
     */
    bool racing;
    uint32_t calls; /* makes the patterns differ from call to call */
    /* What the program is about, for the line that tells of a broken expectation. May be NULL. */
    const char *about;
    unsigned int row; /* of a table; counts from 1; 0 if there is none */
};

/* For the beginning of a life. */
void client_init(struct client *client);

/* Makes the call x[0] with the `count` - 1 arguments behind it. */
struct guest_regs client_call(struct client *client, const uint64_t *x, unsigned int count);

/* The registers for such a call: the arguments, and patterns around them. */
struct guest_regs client_prepare(struct client *client, const uint64_t *x, unsigned int count);

/* Makes a call with all of x0 to x17 as they are in `sent`. */
struct guest_regs client_call_exact(struct client *client, const struct guest_regs *sent);

/* FFA(client, FFA_RXTX_MAP_64, tx, rx, 1) */
#define FFA(client, ...)                                   \
    client_call((client), (const uint64_t[]){__VA_ARGS__}, \
                sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* What FFA_VERSION makes of a request: 0 if it is invalid, else the version that is proposed. */
uint32_t client_normalise(uint32_t asked);

/* FFA_VERSION; returns w0. The second one sends all 64 bits of x1 as they are. */
uint32_t client_version(struct client *client, uint32_t asked);
uint32_t client_version_exact(struct client *client, uint64_t asked);

/* FFA_OK for FFA_SUCCESS, or the status code of FFA_ERROR. */
int32_t client_status(const struct guest_regs *answer);

/* The call, when only its status matters. */
#define FFA_STATUS(client, ...) client_status_of(FFA(client, __VA_ARGS__))
int32_t client_status_of(struct guest_regs answer);

/* Makes a call that nobody serves, and expects SMCCC's answer: x0 = -1, and x4 to x17 kept. */
void client_unknown(struct client *client, uint32_t fid, const char *what);

/* The expectations alone, for a call that was made in another way. */
void client_expect_unknown(const struct client *client, const struct guest_regs *sent,
                           const struct guest_regs *answer, const char *what);

/*
 * Counts an expectation. If it is broken, says so with what was found and what should have been.
 * `what` is a short text: "FFA_RX_RELEASE of a free buffer". Returns whether it held.
 */
bool expect(const struct client *client, bool held, const char *what);
bool expect_status(const struct client *client, int32_t status, int32_t expected, const char *what);
bool expect_equal(const struct client *client, uint64_t value, uint64_t expected, const char *what);
bool expect_version(const struct client *client, uint32_t answer, uint32_t expected,
                    const char *what);

#endif
