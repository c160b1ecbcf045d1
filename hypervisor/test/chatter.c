/* SPDX-License-Identifier: BSD-3-Clause */
/* Logs as fast as it can: the serial line is for others, too. For AArch64. */
#include <guest.h>

#define LINE_CHARS (sizeof(line) - 1)
#define BURST      4096u
#define PER_MS     66u /* 65,536 a second, and a little more */
#define TIME_US    100000u

static const char line[] =
    "chatter, chatter, chatter, chatter, chatter, chatter, chatter, chatter, chatter, chatter, "
    "chatter, chatter, chatter, chatter.\a\n";

/* Returns how many characters were taken. */
static uint64_t log_line(uint64_t start)
{
    struct guest_regs regs = {{FFA_CONSOLE_LOG_64, LINE_CHARS - start}};

    for (uint64_t i = start; i < LINE_CHARS; i++) {
        regs.x[2 + (i - start) / 8] |= (uint64_t)(uint8_t)line[i] << (8 * ((i - start) % 8));
    }
    ffa_call(&regs);
    if ((uint32_t)regs.x[0] == FFA_SUCCESS_32) {
        return LINE_CHARS - start;
    }
    guest_expect((uint32_t)regs.x[0] == FFA_ERROR && (int32_t)(uint32_t)regs.x[2] == FFA_RETRY);
    return (uint32_t)regs.x[3];
}

void guest_main(void)
{
    struct guest_regs version = {{FFA_VERSION, FFA_VERSION_1_2}};
    uint64_t start = guest_clock();
    uint64_t count = 0;
    uint64_t end;

    ffa_call(&version);
    do {
        count += log_line(count % LINE_CHARS);
        end = guest_clock();
    } while (end - start < TIME_US);

    guest_expect(count >= BURST);
    guest_expect(count <= BURST + (end - start) * PER_MS / 1000);
}
