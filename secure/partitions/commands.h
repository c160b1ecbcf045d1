/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the reference partitions do when they are asked. The one description for both ends: the
 * partitions, and whoever sends them direct requests.
 *
 * A request is words: w3 to w7 of FFA_MSG_SEND_DIRECT_REQ_32, x3 to x7 of _64, x4 to x17 of REQ2.
 * The first says what to do. The answer comes in the same words of the response of the same kind;
 * its first is a status, FFA_OK or one of the others, as 32 bits. Words that are not named are
 * zero, and where 32 bits are enough only those are looked at.
 *
 * All of echo, notifier, trio and refuser take all commands, and answer what they cannot do with
 * the status that they got, or with FFA_NOT_SUPPORTED. Counts are of the partition as a whole.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

/* Each word of the request inverted, in all of its bits: the first too, so that there is no status.
 */
#define COMMAND_ECHO 0

/*
 * Busy for `1` microseconds, interruptible by the Normal world; then answers. A portable partition
 * has no clock: it is interrupted once for each millisecond that begins.
 */
#define COMMAND_SPIN 1

/* FFA_YIELD, `1` times; then answers. */
#define COMMAND_YIELD 2

/*
 * The Secure physical timer of this CPU fires in `1` microseconds; answers at once. At S-EL1 alone:
 * a portable partition says FFA_NOT_SUPPORTED.
 */
#define COMMAND_TIMER_ARM 3

/* Answers in `1` how many timer interrupts were handled, on all CPUs. */
#define COMMAND_TIMER_COUNT 4

/*
 * FFA_MSG_SEND2 to VM `1`, of `2` bytes, of which byte i is COMMAND_PATTERN(`3`, i). The status is
 * that of the call; FFA_BUSY also if another context is using the TX buffer.
 */
#define COMMAND_MESSAGE_SEND 5

/* FFA_NOTIFICATION_SET for VM `1`, with `2` for w2 and the bitmap in `3` and `4`. Its status. */
#define COMMAND_NOTIFY 6

/* Busy for ever, interruptible. */
#define COMMAND_HANG 7

/*
 * What FFA_NOTIFICATION_GET returned since this was asked last: `1` bits in all, which are, united,
 * in `2` and `3` (of VMs), and `4` (of the framework, by the hypervisor). A partition looks when
 * FFA_RUN wakes it, and only then.
 */
#define COMMAND_NOTIFICATIONS 8

/* FFA_NOTIFICATION_BIND, or UNBIND, of the bitmap in `3` and `4`, sender `1`, flags `2`. Its
 * status. */
#define COMMAND_BIND   9
#define COMMAND_UNBIND 10

/*
 * Indirect messages that were read, which happens when FFA_RUN wakes the partition: `1` of them; of
 * the last one `2` the sender, `3` the payload's bytes, `4` its checksum: 0, then
 * COMMAND_CHECKSUM(sum, byte) for one byte after the other.
 */
#define COMMAND_MESSAGES 11

/* Ends the request with FFA_ERROR of status `1`, or with FFA_SUCCESS (which is for 1.2). */
#define COMMAND_FAIL    12
#define COMMAND_SUCCEED 13

/* What the partition knows of VM `1`: one of COMMAND_VM_... in `1`. */
#define COMMAND_VM_STATE 14

#define COMMAND_VM_UNAVAILABLE 0 /* no VM_CREATED yet, or VM_DESTROYED since */
#define COMMAND_VM_AVAILABLE   1
#define COMMAND_VM_ERROR       2 /* a message came that did not fit the state: for ever */

/* FFA_CONSOLE_LOG of `1` characters, up to 12, four each in `2` to `4`. Its status. */
#define COMMAND_LOG 15

/*
 * Where it runs: `1` the exception level (0: a program of an operating system), `2` the number of
 * the context that was asked.
 */
#define COMMAND_WHERE 16

/* --- Memory ---
 *
 * A region is named by its handle, low half in `1`, high half in `2`; offsets are in bytes from its
 * start, its ranges in the order in which they were sent. All contexts of a partition hold it. A
 * region that the partition does not hold: FFA_NO_DATA. One that it may not write: FFA_DENIED. One
 * that was taken away while it holds it: FFA_ABORTED, or at S-EL1 the end of the run.
 */

/*
 * FFA_MEM_RETRIEVE_REQ, all fragments, and maps it. `3`: [15:0] its sender, [23:16] permissions;
 * `4` flags. What else the request says was prepared before. Answers `1` pages, `2` ranges, `3`
 * [15:0] attributes and [23:16] permissions as told, `4` flags as told. The status is the first bad
 * one; FFA_NO_MEMORY also if the partition has no room, and then it has relinquished it.
 */
#define COMMAND_MEMORY_RETRIEVE 17

/* Prepares the next retrieval, which forgets it: item `1` is `2`, or `2` and `3`, or `2` to `4`. */
#define COMMAND_MEMORY_PREPARE 18

#define COMMAND_PREPARE_TAG          0 /* low half `2`, high half `3` */
#define COMMAND_PREPARE_IMPDEF       1 /* word `2` (0 or 1): low half `3`, high half `4` */
#define COMMAND_PREPARE_ATTRIBUTES   2
#define COMMAND_PREPARE_BORROWER     3 /* one more: ID `2`, permissions `3`, flags `4` (usually 1) */
#define COMMAND_PREPARE_ACCESS_BYTES 4 /* of each borrower's descriptor, 16 or 32 */

/* FFA_MEM_RELINQUISH with flags `3`. Its status. */
#define COMMAND_MEMORY_RELINQUISH 19

/*
 * What is held: number `1`, from 0 on, has handle `1` and `2`, pages `3`, and `4`: [15:0] sender,
 * [31:16] how many there are. FFA_NO_DATA behind the last, with `4` all the same.
 */
#define COMMAND_MEMORY_HELD 20

/* Range number `3` of a region: address `1` and `2`, pages `3`. */
#define COMMAND_MEMORY_RANGE 21

/* 32 bits at offset `3`, a multiple of 4: answers them in `1`; or makes them `4`. */
#define COMMAND_MEMORY_READ  22
#define COMMAND_MEMORY_WRITE 23

/*
 * The `4` bytes from offset `3` on: answers their checksum in `1`, as COMMAND_MESSAGES does; or,
 * with `4` [23:0] bytes, makes byte i of them COMMAND_PATTERN(`4` [31:24], i). No more than
 * COMMAND_MEMORY_MAX at a time, else FFA_INVALID_PARAMETERS.
 */
#define COMMAND_MEMORY_SUM  24
#define COMMAND_MEMORY_FILL 25

#define COMMAND_MEMORY_MAX 0x100000u

/* The first 32 bits of each page: answers their sum in `1`, and if `3` is not 0, adds it to each.
 */
#define COMMAND_MEMORY_WALK 26

/*
 * What the partition does about memory of a VM when it is told that the VM is destroyed: `1`, until
 * it is asked to do something else.
 */
#define COMMAND_MEMORY_KEEP 27

#define COMMAND_KEEP_NOTHING  0 /* relinquishes it, and acknowledges */
#define COMMAND_KEEP_SILENTLY 1 /* keeps it, and acknowledges */
#define COMMAND_KEEP_OPENLY   2 /* keeps it, and answers FFA_DENIED */

#define COMMAND_PATTERN(seed, i)    (((seed) + 7u * (i)) & 0xffu)
#define COMMAND_CHECKSUM(sum, byte) (((sum)*31u + (byte)) & 0xffffffffu)

#endif
