/* SPDX-License-Identifier: BSD-3-Clause */
/* Becomes a member at 1.2, and has its RX buffer filled. */
#include <guest.h>

static uint32_t call(uint32_t fid, uint64_t a, uint64_t b, uint64_t c)
{
    struct guest_regs regs = {{fid, a, b, c}};

    ffa_call(&regs);
    return (uint32_t)regs.x[0];
}

void guest_main(void)
{
    uint8_t *pages = guest_pages(2);

    guest_expect(call(FFA_VERSION, FFA_VERSION_1_2, 0, 0) == FFA_VERSION_1_2);
    guest_expect(call(FFA_ID_GET, 0, 0, 0) == FFA_SUCCESS_32);
    guest_expect(call(FFA_RXTX_MAP_64, guest_ipa(pages), guest_ipa(pages + FFA_PAGE_SIZE), 1) ==
                 FFA_SUCCESS_32);
    guest_expect(call(FFA_PARTITION_INFO_GET, 0, 0, 0) == FFA_SUCCESS_32);
}
