/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The UUIDs by which VMs find each other that are in no world of world.h: whoever writes a table of
 * VMs gives them to the VMs that play these roles.
 */
#ifndef ROLE_H
#define ROLE_H

#include "world.h"

/* Serves by servant.h: 5e7f3a10-9c42-4d6b-8e01-b2a7c94d1f36. */
#define ROLE_SERVANT WORLD_UUID(0x5e7f3a10, 0x9c424d6b, 0x8e01b2a7, 0xc94d1f36)

/* The same, but does not live long: d1c0ffe2-6a38-47b9-93f5-0e8264bd7a51. */
#define ROLE_MAYFLY WORLD_UUID(0xd1c0ffe2, 0x6a3847b9, 0x93f50e82, 0x64bd7a51)

#endif
