/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of the tests' guests as their hypervisor sees it: who owns a page, who holds it, who
 * can use it. The hooks of include/parley/port.h for memory change it, and insist on what the
 * header promises; whoever uses memory that FF-A does not let it use fails the test.
 */
#ifndef PARLEY_TESTS_INTERLEAVE_FRAMES_H
#define PARLEY_TESTS_INTERLEAVE_FRAMES_H

#include "world.h"

#define WORLD_WINDOW       0xa0000000ull /* where borrowed memory appears, the same in each VM */
#define WORLD_WINDOW_PAGES 2u

/* The frames in the set are RAM of the VM's, where the pages of the tests are. */
void frames_give(struct world_vm *of, unsigned int frames);
uint64_t frame_ipa(unsigned int frame);
/* Whether the VM can use it, as its owner or as a borrower. */
bool frame_is_usable(const struct world_vm *of, unsigned int frame);
/* The guest writes something, if it can use it; it is a step. */
void frame_write(const struct world_vm *of, unsigned int frame, unsigned int content);

/* The VM, which ends or is reset, has done so: what it was given is the hypervisor's again. */
void frames_end_life(struct world_vm *of);

/* Nobody but the owner has anything to do with any frame. */
void expect_frames_returned(void);

/* For other hooks: a page is to be mapped as a buffer; and a TX buffer is about to be read. */
bool frame_becomes_buffer(const struct world_vm *of, const struct world_page *page);
void frames_fill_tx(void *page);

#endif
