/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_CONSOLE_LOG (FF-A 1.2, 13.15): a VM writes to its own console, at the pace that the port
 * allows. */
#include "internal.h"

/* What a console may be given: text, and nothing that moves a cursor or hides a line. */
static char printable(uint8_t character)
{
    bool is_text = character >= 0x20 && character < 0x7f;

    return is_text || character == '\n' || character == '\t' ? (char)character : '?';
}

int32_t parley_handle_console_log(const struct call *call, struct parley_regs *result)
{
    unsigned int count = call_word(call, 1) & FFA_CONSOLE_LOG_COUNT_MASK;
    bool is_64 = ffa_fid_is_64(call->fid);
    unsigned int bytes_each = is_64 ? 8 : 4;
    char text[FFA_CONSOLE_LOG_64_MAX];

    if (count == 0 || count > (is_64 ? FFA_CONSOLE_LOG_64_MAX : FFA_CONSOLE_LOG_32_MAX)) {
        return FFA_INVALID_PARAMETERS;
    }
    for (unsigned int i = 0; i < count; i++) {
        uint64_t word = call_argument(call, 2 + i / bytes_each);

        text[i] = printable((uint8_t)(word >> (8 * (i % bytes_each))));
    }

    unsigned int logged = parley_port_console(call->vm->context, text, count);
    if (logged < count) {
        result->x[3] = logged;
        return FFA_RETRY;
    }
    return FFA_OK;
}
