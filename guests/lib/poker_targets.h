/* SPDX-License-Identifier: BSD-3-Clause */
/* What programs/poker.c touches. */
#ifndef POKER_TARGETS_H
#define POKER_TARGETS_H

#include <guest.h>

/* An access by the address in x1. */
struct poker_form {
    uint32_t instruction;
    bool is_write;
    bool is_both;    /* reads and writes: either may be told */
    bool is_aligned; /* must be, or that is the fault */
    bool is_block;   /* a block of 64 bytes: where in it is not told */
    uint8_t before;  /* the access is so many bytes behind x1 */
};

extern const struct poker_form poker_forms[];
extern const unsigned int poker_form_count;

/* Pages of the machine that are not the VM's, wherever its RAM is: its devices are at their usual
 * places. */
extern const uint64_t poker_pages[];
extern const unsigned int poker_page_count;

/* Its own devices, in ways in which they cannot be used. */
struct poker_odd {
    uint64_t ipa;
    struct poker_form form;
};

extern const struct poker_odd poker_odds[];
extern const unsigned int poker_odd_count;

/* System registers: what MRS and MSR have in common, without the general register. */
#define POKER_MRS 0x00200000u
#define POKER_MSR 0u

extern const uint32_t poker_registers[];
extern const unsigned int poker_register_count;

extern const uint32_t poker_instructions[];
extern const unsigned int poker_instruction_count;

#define POKER_MOV_X5_X6 0xaa0603e5u

#endif
