/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two VMs of the bench know of each other. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#define BENCH_VM   1u
#define BENCH_PEER 2u

/* Notifications of the peer's that the VM may set. */
#define BENCH_NEWS    1u
#define BENCH_THE_END 2u
#define BENCH_SIGNALS (BENCH_NEWS | BENCH_THE_END)

/* What VMs and the hypervisor have signalled: the Secure world is not asked. */
#define BENCH_GET (FFA_NOTIFICATION_GET_VM | FFA_NOTIFICATION_GET_HYPERVISOR)

#endif
