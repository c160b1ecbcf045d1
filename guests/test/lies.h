/* SPDX-License-Identifier: BSD-3-Clause */
/* Lies that a mediator may tell, and the scenarios that should notice each. */
#ifndef LIES_H
#define LIES_H

#include <guest.h>

/* Changes the answer of one call. */
typedef void lie(const struct guest_regs *sent, struct guest_regs *answer);

/* A lie, and which scenarios it is told to. */
struct named_lie {
    const char *name;
    lie *tell;
};

#define LIE(function)       \
    {                       \
#function, function \
    }

extern const struct named_lie lies_of_one[]; /* to scenarios of one VM each */
extern const size_t lies_of_one_count;
extern const struct named_lie lies_of_messages[];
extern const size_t lies_of_messages_count;
extern const struct named_lie lies_of_memory[];
extern const size_t lies_of_memory_count;

static inline uint32_t fid_of(const struct guest_regs *sent)
{
    return (uint32_t)sent->x[0];
}

static inline bool is_error(const struct guest_regs *answer, int32_t status)
{
    return answer->x[0] == FFA_ERROR && (int32_t)answer->x[2] == status;
}

static inline void succeed(struct guest_regs *answer)
{
    answer->x[0] = FFA_SUCCESS_32;
    answer->x[2] = 0;
}

/* Another status than the true one. */
static inline void mistake(struct guest_regs *answer, int32_t status, int32_t other)
{
    if (is_error(answer, status)) {
        answer->x[2] = (uint32_t)other;
    }
}

#endif
