/* SPDX-License-Identifier: BSD-3-Clause */
/* Lies about messages and notifications. None of them keeps the others from going on. */
#include "lies.h"
#include "world.h"

/* --- Registers -------------------------------------------------------------------------------- */

static bool is_response(const struct guest_regs *answer)
{
    return answer->x[0] == FFA_MSG_SEND_DIRECT_RESP_32 ||
           answer->x[0] == FFA_MSG_SEND_DIRECT_RESP_64;
}

static void name_an_interrupt(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[2] = answer->x[0] == FFA_INTERRUPT ? 27 : answer->x[2];
}

static void leave_w7_in_an_interrupt(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[7] = answer->x[0] == FFA_INTERRUPT ? sent->x[7] | 1 : answer->x[7];
}

static void name_a_target_of_a_wait(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_MSG_WAIT && answer->x[0] == FFA_INTERRUPT) {
        answer->x[1] = ffa_target_make(WORLD_MESSENGER, 0);
    }
}

static void flip_a_bit_of_a_word(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[7] ^= is_response(answer) ? 0x100 : 0;
}

static void widen_a_word(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (answer->x[0] == FFA_MSG_SEND_DIRECT_RESP_32) {
        answer->x[6] = (uint64_t)(int32_t)answer->x[6];
    }
    (void)sent;
}

static void cut_a_word(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (answer->x[0] == FFA_MSG_SEND_DIRECT_RESP_64) {
        answer->x[6] = (uint32_t)answer->x[6];
    }
    (void)sent;
}

static void drop_the_last_word(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[17] = answer->x[0] == FFA_MSG_SEND_DIRECT_RESP2 ? 0 : answer->x[17];
}

static void return_the_uuid(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (answer->x[0] == FFA_MSG_SEND_DIRECT_RESP2) {
        answer->x[2] = sent->x[2] | 1;
    }
}

static void keep_w2_of_a_response(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[2] = answer->x[0] == FFA_MSG_SEND_DIRECT_RESP_32 ? 0x80000000 : answer->x[2];
}

static void swap_the_ids_of_a_response(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[1] = is_response(answer) ? (uint32_t)sent->x[1] : answer->x[1];
}

static void clear_x8_of_a_request(const struct guest_regs *sent, struct guest_regs *answer)
{
    (void)sent;
    answer->x[8] = answer->x[0] == FFA_MSG_SEND_DIRECT_REQ_32 ? 0 : answer->x[8];
}

static void keep_x8_of_a_request(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (answer->x[0] == FFA_MSG_SEND_DIRECT_REQ_64) {
        answer->x[8] = sent->x[8];
    }
}

/* --- Who may do what -------------------------------------------------------------------------- */

static bool is_request(const struct guest_regs *sent)
{
    return fid_of(sent) == FFA_MSG_SEND_DIRECT_REQ_32 ||
           fid_of(sent) == FFA_MSG_SEND_DIRECT_REQ_64 || fid_of(sent) == FFA_MSG_SEND_DIRECT_REQ2;
}

static void betray_who_is_hidden(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_request(sent) && (uint16_t)sent->x[1] == WORLD_HIDDEN) {
        mistake(answer, FFA_INVALID_PARAMETERS, FFA_DENIED);
    }
}

static void say_that_the_mute_are_busy(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_request(sent) && (uint16_t)sent->x[1] == WORLD_MUTE) {
        mistake(answer, FFA_DENIED, FFA_BUSY);
    }
}

static void refuse_framework_messages_late(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_request(sent) && (uint32_t)sent->x[2] == 0x80000004) {
        mistake(answer, FFA_INVALID_PARAMETERS, FFA_DENIED);
    }
}

static void not_know_who_is_run(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_RUN) {
        mistake(answer, FFA_DENIED, FFA_INVALID_PARAMETERS);
    }
}

static void refuse_a_wait_otherwise(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_MSG_WAIT) {
        mistake(answer, FFA_DENIED, FFA_BUSY);
    }
}

static void yield_with_arguments(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_YIELD && is_error(answer, FFA_INVALID_PARAMETERS)) {
        succeed(answer);
    }
}

static void say_who_ended_is_busy(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_RUN) {
        mistake(answer, FFA_ABORTED, FFA_DENIED);
    }
}

static void take_a_delay(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_MSG_SEND2 && (uint32_t)sent->x[2] == FFA_MSG_SEND2_DELAY_SRI) {
        mistake(answer, FFA_INVALID_PARAMETERS, FFA_DENIED);
    }
}

static void say_that_big_mail_is_wrong(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_MSG_SEND2) {
        mistake(answer, FFA_NO_MEMORY, FFA_INVALID_PARAMETERS);
    }
}

static void log_nothing(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_CONSOLE_LOG_32 && (sent->x[1] & 0xff) == 0 &&
        is_error(answer, FFA_INVALID_PARAMETERS)) {
        succeed(answer);
    }
}

/* --- Notifications ---------------------------------------------------------------------------- */

static void bind_what_pends(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_NOTIFICATION_BIND && is_error(answer, FFA_DENIED)) {
        succeed(answer);
    }
}

static void set_what_is_not_bound(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_NOTIFICATION_SET && is_error(answer, FFA_DENIED)) {
        succeed(answer);
    }
}

static bool is_got(const struct guest_regs *sent, const struct guest_regs *answer)
{
    return fid_of(sent) == FFA_NOTIFICATION_GET && answer->x[0] == FFA_SUCCESS_32;
}

static void lose_bit_63(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[5] &= is_got(sent, answer) ? 0x7fffffff : UINT64_MAX;
}

static void invent_a_bit(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[4] |= is_got(sent, answer) && answer->x[4] != 0 ? 2 : 0;
}

static void tell_of_vms_as_partitions(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (is_got(sent, answer) && answer->x[2] == 0) {
        answer->x[2] = answer->x[4];
        answer->x[4] = 0;
    }
}

static void not_tell_of_full_rx(const struct guest_regs *sent, struct guest_regs *answer)
{
    answer->x[7] = is_got(sent, answer) ? 0 : answer->x[7];
}

static void name_another_in_the_news(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_NOTIFICATION_INFO_GET_32 && answer->x[0] == FFA_SUCCESS_32) {
        answer->x[3]++;
    }
}

static void have_more_news(const struct guest_regs *sent, struct guest_regs *answer)
{
    if (fid_of(sent) == FFA_NOTIFICATION_INFO_GET_32 && answer->x[0] == FFA_SUCCESS_32) {
        answer->x[2] |= FFA_NOTIFICATION_INFO_GET_MORE;
    }
}

const struct named_lie lies_of_messages[] = {
    LIE(name_an_interrupt),
    LIE(leave_w7_in_an_interrupt),
    LIE(name_a_target_of_a_wait),
    LIE(flip_a_bit_of_a_word),
    LIE(widen_a_word),
    LIE(cut_a_word),
    LIE(drop_the_last_word),
    LIE(return_the_uuid),
    LIE(keep_w2_of_a_response),
    LIE(swap_the_ids_of_a_response),
    LIE(clear_x8_of_a_request),
    LIE(keep_x8_of_a_request),
    LIE(betray_who_is_hidden),
    LIE(say_that_the_mute_are_busy),
    LIE(refuse_framework_messages_late),
    LIE(not_know_who_is_run),
    LIE(refuse_a_wait_otherwise),
    LIE(yield_with_arguments),
    LIE(say_who_ended_is_busy),
    LIE(take_a_delay),
    LIE(say_that_big_mail_is_wrong),
    LIE(log_nothing),
    LIE(bind_what_pends),
    LIE(set_what_is_not_bound),
    LIE(lose_bit_63),
    LIE(invent_a_bit),
    LIE(tell_of_vms_as_partitions),
    LIE(not_tell_of_full_rx),
    LIE(name_another_in_the_news),
    LIE(have_more_news),
};

const size_t lies_of_messages_count = sizeof(lies_of_messages) / sizeof(lies_of_messages[0]);
