/* SPDX-License-Identifier: BSD-3-Clause */
/* Never ends: the hypervisor ends the run, and says who is to blame. */
#include <guest.h>

void guest_main(void)
{
    guest_print("goes round and round");
    for (;;) {
    }
}
