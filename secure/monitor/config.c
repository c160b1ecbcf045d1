/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiled once for each image of the monitor, with another MONITOR_FFA_VERSION. */
#include "monitor.h"

const uint32_t config_ffa_version = MONITOR_FFA_VERSION;
