/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The environment: integer types, atomics and locks, inline, chosen by the port.
 *
 * An embedder with primitives of its own (a kernel without <stdint.h>, its own spinlock) builds
 * with -DPARLEY_ENV_HEADER='"my_env.h"' and provides everything that env_default.h provides, by the
 * same names and with the same ordering. Nothing else in Parley names a compiler builtin or a
 * standard header.
 */
#ifndef PARLEY_ENV_H
#define PARLEY_ENV_H

#ifdef PARLEY_ENV_HEADER
#include PARLEY_ENV_HEADER
#else
#include <parley/env_default.h>
#endif

#endif
