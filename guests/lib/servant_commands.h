/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM that does what it is asked to by direct messages, and answers what came of it. So one
 * program tells both ends of a test what to do, and sees what both are answered. These are its
 * commands, as numbers alone: for guests that are built with other headers, too.
 *
 * The first word of a request is SERVANT(command, argument); w1 to w4 below are the four words
 * behind it. The first word of the answer is SERVANT_ANSWER(command, vcpu), the vCPU that serves;
 * the next four are what the command says, or zero.
 */
#ifndef SERVANT_COMMANDS_H
#define SERVANT_COMMANDS_H

#define SERVANT(command, argument)    ((uint32_t)(argument) << 8 | (command))
#define SERVANT_ANSWER(command, vcpu) SERVANT(command, vcpu)
#define SERVANT_COMMAND(word)         ((uint32_t)(word)&0xff)
#define SERVANT_ARGUMENT(word)        ((uint32_t)(word) >> 8)

/* Just an answer. */
#define SERVANT_NOTHING 0u

/* Every word but the first, inverted. Argument 1: in a 32-bit response, whatever came. */
#define SERVANT_ECHO 1u

/*
 * Makes the FF-A call that the argument, a SERVANT_FID() of servant.h, names, with w1 to w4 as its
 * first arguments and zeros behind; answers x0 to x3 of its result, and x4 to x7 when asked to
 * SERVANT_FETCH what the vCPU got that the argument names. A call that answers the request itself
 * is its answer.
 */
#define SERVANT_CALL  2u
#define SERVANT_FETCH 3u

/* Its buffers; pattern.h. The argument is an offset in bytes. */
#define SERVANT_TX   4u /* writes the 32-bit words w1 to w4 */
#define SERVANT_FILL 5u /* writes a pattern of w1 bytes, seed w2 */
#define SERVANT_RX   6u /* answers four 32-bit words */
#define SERVANT_CHECK                                                               \
    7u /* a pattern of w1 bytes, seed w2: how many are wrong, and how many of those \
          behind are not zero */
#define SERVANT_PAINT 8u  /* RX */
#define SERVANT_MAP   22u /* maps them again; the status */

/* Says nothing until a sibling vCPU is asked to release it, or for w1 microseconds. */
#define SERVANT_AWAIT   9u
#define SERVANT_RELEASE 10u
#define SERVANT_DELAY   18u

/*
 * Makes a request of its own to the VM that the argument names, also a servant, which delays its
 * answer by w1 microseconds, and is interrupted meanwhile. Answers what it was told when it tried
 * then to answer, to wait, and to make another request, and x0 at the end of its own.
 */
#define SERVANT_NEST 19u

/* Serves on the vCPU that the argument names, too. */
#define SERVANT_START 20u

/* Stops soon after it has answered. */
#define SERVANT_STOP 21u

/* Somebody will ask nothing any more. The argument: how many will say so, if that ends the VM. */
#define SERVANT_FAREWELL 23u

/* Interrupts of the vCPU that serves. The argument is the interrupt. */
#define SERVANT_ENABLE 11u
#define SERVANT_COUNT  12u /* how many it has taken */
#define SERVANT_SLEEP  13u /* until it has taken w1; whether it did */
#define SERVANT_TIMER  14u /* ticks each w1 microseconds; 0: none */

/* Which life of the VM this is, and how many requests it has had in it. */
#define SERVANT_LIFE 15u

/*
 * Memory that it has, or had; w1 and w2 are an IPA, here and in answers. LOAD and STORE of 32 bits:
 * w1 the value that was loaded, w2 whether that was no fault, and in w3 and w4 where it was; what
 * is stored is w3. Of as many pages as the argument says, numbered from 0 on, with touch.h: how
 * many words could not be written, or are not as they should be, with seed w3; or are not zero.
 */
#define SERVANT_LOAD       24u
#define SERVANT_STORE      25u
#define SERVANT_PAGES_FILL 26u
#define SERVANT_PAGES_TEST 27u
#define SERVANT_PAGES_ZERO 28u
#define SERVANT_RAM        29u /* takes so many pages that it does not use: where they are */

/*
 * For w1 microseconds, makes one call of FF-A after the other that needs nobody else: how many in
 * w1, and of how many microseconds the longest was, in w2.
 */
#define SERVANT_PACE 32u

/*
 * Of w3 places, from an IPA on, of which each is as many pages behind the one before as the
 * argument says: how many do not begin with the 32 bits of their number. Each is made w4 more.
 */
#define SERVANT_WALK 33u

/*
 * Retrieves, to read and write, what the requester shares with it or lends to it by the handle w1
 * (low half) and w2. Each page must begin with the 32 bits w3 + its number, and is made to begin
 * with these inverted; then the memory is relinquished. Answers in w1 the status of the first call
 * that failed, or FFA_OK, in w2 how many pages were wrong, in w3 how many there are. With argument
 * 1 it keeps the memory, if it has room, until servant_return_kept().
 */
#define SERVANT_BORROW 34u

/* A VM that does not live long says that it is there, once in its life; how many have said so. */
#define SERVANT_GREETING 35u

/* Keeps w1 to w4 for whoever asks with RECALL, for as long as its life lasts. */
#define SERVANT_REMEMBER 30u
#define SERVANT_RECALL   31u

/*
 * Nobody answers these. After w1 microseconds the VM is reset, or stops; SERVANT_OFF, on a vCPU
 * other than 0, is the end of that vCPU alone.
 */
#define SERVANT_RESET 16u
#define SERVANT_OFF   17u

#endif
