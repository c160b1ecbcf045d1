/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of Linux's FF-A driver, which talks to a Secure Partition, to a bare-metal VM and to
 * another Linux VM in every way that the driver has, and looks at what came of it at both ends.
 */
#ifndef TEST_H
#define TEST_H

#include <linux/arm_ffa.h>
#include <linux/scatterlist.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "guests/lib/servant_commands.h"
#include "secure/partitions/commands.h"

/* --- expect.c: lines of the kernel's log, and what they come to ------------------------------- */

/* A line of its own: "ok: ..." or "BROKEN: ...". */
__printf(2, 3) bool prove(bool holds, const char *format, ...);

/* Counted, and a line only if it is broken. */
__printf(2, 3) bool expect(bool holds, const char *format, ...);

__printf(1, 2) void say(const char *format, ...);

/* Tells the hypervisor what has been counted. */
void expect_report(void);

/* Whether nothing was broken since this was asked last. */
bool expect_all_held(void);

/* --- main.c ----------------------------------------------------------------------------------- */

/*
 * Partitions, as the bus has them. The driver speaks to each in 32 bits or in 64, as its properties
 * say; these two are the same one, to be spoken to in either.
 */
struct partner {
    struct ffa_device *device;
    struct ffa_device narrow;
    struct ffa_device wide;
};

/* Whom this VM talks to. */
extern struct partner echo;     /* a Secure Partition with all that there is */
extern struct partner notifier; /* one that is told of notifications */
extern struct partner servant;  /* a VM */
extern struct partner peer;     /* a VM with Linux in it; its device is NULL if there is none */

extern unsigned int self;   /* this VM's ID */
extern unsigned int nobody; /* an ID that no partition has */
extern unsigned int hidden; /* that of a VM which policy hides */
extern bool is_first;       /* of two VMs with Linux */

/* The partition that tells what notifications it got, which forgets them then: each VM has its own.
 */
struct partner *main_sink(void);

/* --- talk.c: direct messages ------------------------------------------------------------------ */

#define TALK_WORDS  5
#define TALK_WORDS2 14

/*
 * A direct request and its response, in the same words. For as long as the partner is busy it is
 * asked again, and when the request was given up. Returns 0 or what the driver says.
 */
int talk_32(struct partner *to, u32 words[TALK_WORDS]);
int talk_64(struct partner *to, unsigned long words[TALK_WORDS]);
int talk_2(struct partner *to, unsigned long words[TALK_WORDS2]);

/* How often a partner was busy; how often a request was given up, as this VM came too late. */
u64 talk_busy(void);
u64 talk_given_up(void);

/* Waits a moment before something that was busy is tried again; false if that was too often. */
bool talk_patience(unsigned int *tries);

/*
 * A command of commands.h, its words 1 to 4, and those of the answer in their place. Returns the
 * partition's status, or TALK_BROKEN if it gave none.
 */
#define TALK_BROKEN 1
int talk_command(struct partner *to, u32 command, u32 words[4]);
#define TALK_COMMAND(to, command, ...) talk_command((to), (command), (u32[4]){__VA_ARGS__})

/* A command of servant_commands.h, in the same way; false if it was not answered. */
bool talk_servant(u32 command, u32 words[4]);

/* --- What is shown once ----------------------------------------------------------------------- */

void direct_show(void);        /* direct.c */
void letters_show(void);       /* letters.c */
void notifications_show(void); /* notifications.c */
void loans_show(void);         /* loans.c */
void errors_show(void);        /* errors.c */

/* --- letters.c: indirect messages ------------------------------------------------------------- */

#define LETTER_BYTES_MAX 4056 /* of a buffer of a page, without the message's header */

int letters_init(void);
void letters_exit(void);

/* Sends; again for as long as the receiver has its buffer full. 0 or what the driver says. */
int letter_send(struct partner *to, void *letter, size_t bytes);

/* To echo, which must have read it; and from it, through the driver's callback. */
int letter_to_partition(u32 bytes, u32 seed);
int letter_from_partition(u32 bytes, u32 seed);

/* --- notifications.c: notifications
 * ----------------------------------------------------------------- */

/* What a callback leaves. */
struct bell {
    atomic_t rings;
    int cpu; /* the latest one's */
    wait_queue_head_t waiting;
};

/* Has the driver bind it, and ring the bell. */
int bell_hang(struct bell *bell, struct partner *from, bool per_vcpu, int id);
void bell_take_down(struct partner *from, int id);
bool bell_await(struct bell *bell, int rings); /* so many, within some seconds */

int notifications_init(void);
void notifications_exit(void);

/* From echo, whose callback rings; to the sink, which must have seen it. */
int notification_from_partition(void);
int notification_to_partition(void);

/* --- loans.c: memory -------------------------------------------------------------------------- */

enum loan_kind {
    LOAN_SHARE,
    LOAN_LEND
};

/* Pages that lie here and there, of each of which the first word is its number. */
struct loan {
    unsigned int count;
    unsigned int ranges; /* how many runs of neighbours they are */
    struct page **pages;
    struct sg_table table;
    u64 handle;
};

int loan_make(struct loan *loan, unsigned int count, u32 seed);
void loan_free(struct loan *loan);

/* Through the driver. */
int loan_grant(struct loan *loan, enum loan_kind kind, struct partner *to);
int loan_reclaim(struct loan *loan);

/* What became of the first word of each page. */
enum loan_use {
    LOAN_UNUSED,
    LOAN_RAISED,  /* by LOAN_MORE */
    LOAN_INVERTED /* bit by bit */
};

#define LOAN_MORE 0x100000u

/* How many pages are not as they were made, and then used. */
unsigned int loan_wrong(const struct loan *loan, u32 seed, enum loan_use use);

/* The whole way: made, granted, used by the borrower, reclaimed, and looked at. */
int loan_to_partition(enum loan_kind kind, unsigned int pages, u32 seed);
int loan_to_servant(enum loan_kind kind, unsigned int pages, u32 seed);

/* --- peer.c: the other Linux ------------------------------------------------------------------ */

int peer_init(void);
void peer_exit(void);
void peer_meet(void);      /* waits until it is there, and until it is this one's turn */
void peer_hand_over(void); /* now it is the other's turn */
void peer_show(void);
void peer_part(void); /* both have come to their end */

int peer_send_next(u32 bytes); /* a letter of those that are numbered */
int peer_ring(void);

/* --- load.c ----------------------------------------------------------------------------------- */

/* On both CPUs, everything, for so long. No call may take longer than the limit. */
void load_run(unsigned int seconds, unsigned int limit_ms);

#endif
