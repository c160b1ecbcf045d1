/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Secure world that answers one kind of call by a script, and all others itself.
 *
 *     struct script script = {.fid = FFA_RUN};
 *     script_answer(&script, (struct parley_regs){{FFA_INTERRUPT, ...}});
 *     script_begin(&script);
 *
 * What is asked beyond the script's end gets its last answer again.
 */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include "unit.h"

#define SCRIPT_MAX 16u

struct script {
    uint32_t fid; /* what it is about, in either width */
    uint32_t w1;  /* and of these, those with this w1; 0: all */
    struct parley_regs answer[SCRIPT_MAX];
    unsigned int answers;
    unsigned int asked;
    struct parley_regs call[SCRIPT_MAX]; /* the first so many */
};

static inline void script_answer(struct script *script, struct parley_regs answer)
{
    assert_true(script->answers < SCRIPT_MAX);
    script->answer[script->answers++] = answer;
}

static inline bool script_is_about(const struct script *script, const struct parley_regs *regs)
{
    return ffa_fid_number((uint32_t)regs->x[0]) == ffa_fid_number(script->fid) &&
           (script->w1 == 0 || script->w1 == (uint32_t)regs->x[1]);
}

static inline void script_serve(void *context, struct parley_regs *regs)
{
    struct script *script = context;
    unsigned int at = script->asked < script->answers ? script->asked : script->answers - 1;

    if (!script_is_about(script, regs) || script->answers == 0) {
        posix_smc_secure_world(regs);
        return;
    }
    if (script->asked < SCRIPT_MAX) {
        script->call[script->asked] = *regs;
    }
    script->asked++;
    *regs = script->answer[at];
}

static inline void script_begin(struct script *script)
{
    posix_smc_replace(script_serve, script);
}

static inline struct parley_regs script_error(int32_t status)
{
    return (struct parley_regs){{FFA_ERROR, 0, (uint32_t)status}};
}

#endif
