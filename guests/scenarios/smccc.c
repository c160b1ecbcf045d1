/* SPDX-License-Identifier: BSD-3-Clause */
/* Never says a word of FF-A, so it is no member, and nobody may be shown it. */
#include <guest.h>

void guest_main(void)
{
    guest_print("says nothing");
}
