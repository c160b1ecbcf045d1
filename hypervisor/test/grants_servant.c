/* SPDX-License-Identifier: BSD-3-Clause */
/* Does with memory what it is told to, in AArch64 and AArch32. */
#include "grants.h"
#include "touch.h"

/* An answer has its words in x3 to x6. */
static void answer_touch(struct guest_regs *answer, struct touch touch)
{
    answer->x[3] = touch.fault;
    answer->x[4] = touch.value;
    answer->x[5] = touch.address;
}

static void do_retrieve(struct guest_regs *answer, const struct guest_regs *request)
{
    uint64_t handle = ffa_handle_make((uint32_t)request->x[4], (uint32_t)request->x[5]);
    struct grant grant = {
        .borrower_count = request->x[7] != 0 ? 2 : 1,
        .borrowers = {{self, (uint8_t)(request->x[6] >> 16), 0},
                      {(uint16_t)request->x[7], (uint8_t)(request->x[7] >> 16),
                       FFA_MEM_ACCESS_NON_RETRIEVAL}},
    };
    uint64_t ipa = 0;

    answer->x[3] = (uint32_t)retrieve((uint16_t)request->x[6], handle, &grant, &ipa);
    answer->x[4] = ipa;
}

static void do_grant(struct guest_regs *answer, const struct guest_regs *request)
{
    bool donated = (uint32_t)request->x[4] == FFA_MEM_DONATE_32;
    uint64_t ipa = request->x[6] != 0 ? request->x[6] : guest_ipa(guest_pages(1));
    struct grant grant = {
        .fid = (uint32_t)request->x[4],
        .borrower_count = 1,
        .borrowers = {{(uint16_t)request->x[5], donated ? 0 : RW, 0}},
        .range_count = 1,
        .ranges = {{ipa, 1}},
    };
    uint64_t handle;

    answer->x[3] = (uint32_t)send(&grant, &handle);
    answer->x[4] = ffa_handle_low(handle);
    answer->x[5] = ffa_handle_high(handle);
}

/* False: the request is not answered. */
static bool serve(struct guest_regs *answer, const struct guest_regs *request)
{
    uint64_t handle = ffa_handle_make((uint32_t)request->x[4], (uint32_t)request->x[5]);

    switch ((enum command)request->x[3]) {
    case COMMAND_RETRIEVE:
        do_retrieve(answer, request);
        return true;
    case COMMAND_RELINQUISH:
        answer->x[3] = (uint32_t)relinquish(handle);
        return true;
    case COMMAND_LOAD:
        answer_touch(answer, touch_load((uint32_t)request->x[4]));
        return true;
    case COMMAND_STORE:
        answer_touch(answer, touch_store((uint32_t)request->x[4], (uint32_t)request->x[5]));
        return true;
    case COMMAND_CALL:
        answer_touch(answer, touch_call((uint32_t)request->x[4]));
        return true;
    case COMMAND_GRANT:
        do_grant(answer, request);
        return true;
    case COMMAND_ANSWER:
        return true;
    case COMMAND_RESET:
        guest_reset();
    case COMMAND_STOP:
        break;
    }
    return false;
}

void guest_main(void)
{
    struct guest_regs regs = {{FFA_MSG_WAIT}};
    bool serving = true;

    touch_init();
    join();
    while (serving) {
        struct guest_regs request;

        ffa_call(&regs);
        request = regs;
        regs = (struct guest_regs){{FFA_MSG_SEND_DIRECT_RESP_32, ffa_ids_make(self, DRIVER)}};
        serving = serve(&regs, &request);
    }
}
