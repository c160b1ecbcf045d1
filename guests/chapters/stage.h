/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the scenarios of messages are played on: this VM, at the version of its life, and one
 * servant after the other. A chapter is played with each; its C file has a table beside it, if it
 * plays one.
 */
#ifndef STAGE_H
#define STAGE_H

#include "servant.h"
#include "world.h"

/* Who a row means by this ID is the servant. No VM has it. */
#define PEER 0x7f00u
#define ME   WORLD_MESSENGER

/* Who is nobody: no VM of any world, and no partition. */
#define NOBODY    0x7eu
#define NOBODY_SP 0x80f0u

struct stage {
    struct client *client;
    struct buffers buffers; /* this VM's, mapped */
    enum secure_world world;
    const struct world_vm *peer;
    struct errand errand; /* to the servant, from this vCPU */
    struct servant own;   /* serves on vCPU 1, so that the servant can ask us */
    bool serving;         /* it was started */
    bool asleep;          /* vCPU 2 is about to sleep */
};

/* An ID of a row, and two of them in one word. */
uint16_t stage_id(const struct stage *stage, uint32_t id);
uint32_t stage_ids(const struct stage *stage, uint32_t ids);

/* Whether this VM has the call, and whether the servant has. Who may make a request can get one. */
bool stage_has(const struct stage *stage, uint32_t fid);
bool stage_peer_has(const struct stage *stage, uint32_t fid);

/* Whether the servant may discover that partition. */
bool stage_peer_sees(const struct stage *stage, uint16_t id);

/* A request of that kind to the servant, with a pattern behind the command. */
struct message stage_request(const struct stage *stage, uint32_t fid, uint32_t command_word);

/* The servant's call, told by an errand, and its status. */
#define THERE(stage, fid, ...) \
    stage_call_there((stage), (fid), (const uint64_t[ERRAND_WORDS]){__VA_ARGS__})
int32_t stage_call_there(const struct stage *stage, uint32_t fid,
                         const uint64_t arguments[ERRAND_WORDS]);

/* Starts vCPU 1 as this VM's own servant, which serves until the life ends. */
void stage_serve(struct stage *stage);

/* Waits until it waits for a message. */
void stage_await_own(const struct stage *stage);

/*
 * Waits until the servant's vCPUs 0 and 1 wait for messages, after a start of its own: below 1.2,
 * the first wait of either gives RX back.
 */
void stage_await_servant(const struct stage *stage);

/* The three kinds of direct requests. */
#define STAGE_KINDS 3u
extern const uint32_t stage_kinds[STAGE_KINDS];

/* --- The chapters, in their order ------------------------------------------------------------- */

/* Played once in a life. */
void chapter_console(struct stage *stage);           /* console.c */
void chapter_partitions(struct stage *stage);        /* partitions.c, partitions.def */
void chapter_partition_mail(struct stage *stage);    /* partition_mail.c */
void chapter_partition_signals(struct stage *stage); /* partition_signals.c */

/* Played with each servant, whose life ends in the last one. */
void chapter_direct(struct stage *stage);        /* direct.c, direct.def */
void chapter_responses(struct stage *stage);     /* responses.c, responses.def */
void chapter_waiting(struct stage *stage);       /* waiting.c, under_way.def */
void chapter_indirect(struct stage *stage);      /* indirect.c, indirect.def */
void chapter_notifications(struct stage *stage); /* notifications.c, notifications.def */
void chapter_endings(struct stage *stage);       /* endings.c */

/* Requests that are under way when the life of this VM ends: none is left for the next one. */
void partitions_leave(struct stage *stage);
void endings_leave(struct stage *stage);

#endif
