/* SPDX-License-Identifier: BSD-3-Clause */
#include "grants.h"
#include "tests.h"
const struct interleave_suite memory_end_suite = {0, 0};
