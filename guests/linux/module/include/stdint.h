/* SPDX-License-Identifier: BSD-3-Clause */
/* For headers that the module shares with other programs: the kernel has no header of this name. */
#include <linux/types.h>
