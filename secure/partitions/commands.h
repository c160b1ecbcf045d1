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

#define COMMAND_PATTERN(seed, i)    (((seed) + 7u * (i)) & 0xffu)
#define COMMAND_CHECKSUM(sum, byte) (((sum)*31u + (byte)) & 0xffffffffu)

#endif
