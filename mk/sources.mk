# SPDX-License-Identifier: BSD-3-Clause
# The one list of the mediator's sources, relative to the project's root. Make reads it here; any
# other build (CMake, a hypervisor's own) reads the same file.
PARLEY_SOURCES := \
	src/parley.c \
	src/call.c \
	src/version.c \
	src/features.c \
	src/identity.c \
	src/rxtx.c \
	src/discovery.c \
	src/partition_scan.c \
	src/direct.c \
	src/run.c \
	src/indirect.c \
	src/secure.c \
	src/memory_send.c \
	src/memory_retrieve.c \
	src/memory_borrow.c \
	src/memory_reclaim.c \
	src/memory_secure.c \
	src/transaction.c \
	src/transaction_out.c \
	src/transaction_back.c \
	src/retrieval.c \
	src/retrieval_in.c \
	src/retrieval_out.c \
	src/cursor.c \
	src/extents.c \
	src/notification.c \
	src/notification_bind.c \
	src/notification_info.c \
	src/notification_life.c \
	src/schedule.c \
	src/shadow.c \
	src/availability.c \
	src/console.c \
	src/endpoint.c \
	src/lifecycle.c \
	src/spmc.c \
	src/layout.c \
	src/layout_memory.c \
	src/event.c
