/* SPDX-License-Identifier: BSD-3-Clause */
/* FFA_MSG_SEND2 from VM to VM: offsets and sizes, at and beyond their edges. */
#include "letter.h"

/* The sender's buffers have 4 pages, the receiver's as many as the row says. */
struct size_row {
    uint32_t offset; /* added to the header's size */
    uint32_t bytes;
    unsigned int pages;
    int32_t status;
};

#define SENDER_PAGES 4u
#define TX           (SENDER_PAGES * FFA_PAGE_SIZE)
#define HEADER       40u

static const struct size_row size_rows[] = {
    {0, 0, 1, FFA_OK},
    {0, 1, 1, FFA_OK},
    {1, 1, 1, FFA_OK},
    {7, 4000, 1, FFA_OK},
    {0, FFA_PAGE_SIZE - HEADER, 1, FFA_OK},
    {0, FFA_PAGE_SIZE - HEADER + 1, 1, FFA_NO_MEMORY},
    {0, FFA_PAGE_SIZE - HEADER + 1, 2, FFA_OK},
    {0, FFA_PAGE_SIZE, 1, FFA_NO_MEMORY},
    {0, FFA_PAGE_SIZE, 2, FFA_OK},
    {0, 2 * FFA_PAGE_SIZE - HEADER, 2, FFA_OK},
    {0, 2 * FFA_PAGE_SIZE - HEADER + 1, 2, FFA_NO_MEMORY},
    /* Across pages, at odd places. */
    {FFA_PAGE_SIZE - HEADER - 1, 2, 1, FFA_OK},
    {FFA_PAGE_SIZE - HEADER, 2, 1, FFA_OK},
    {FFA_PAGE_SIZE - HEADER + 1, 3 * FFA_PAGE_SIZE - 1, 4, FFA_OK},
    {13, 3 * FFA_PAGE_SIZE + 5, 4, FFA_OK},
    {4001, 2 * FFA_PAGE_SIZE + 1, 3, FFA_OK},
    /* All of it. */
    {0, TX - HEADER, 4, FFA_OK},
    {0, TX - HEADER, 3, FFA_NO_MEMORY},
    {1, TX - HEADER - 1, 4, FFA_OK},
    {TX - HEADER - 1, 1, 1, FFA_OK},
    {TX - HEADER, 0, 1, FFA_OK},
    /* And beyond. */
    {0, TX - HEADER + 1, 4, FFA_INVALID_PARAMETERS},
    {1, TX - HEADER, 4, FFA_INVALID_PARAMETERS},
    {TX - HEADER, 1, 1, FFA_INVALID_PARAMETERS},
    {TX - HEADER + 1, 0, 1, FFA_INVALID_PARAMETERS},
    {0, TX, 4, FFA_INVALID_PARAMETERS},
    {0, UINT32_MAX, 4, FFA_INVALID_PARAMETERS},
    {0, UINT32_MAX - HEADER + 1, 4, FFA_INVALID_PARAMETERS},
    {UINT32_MAX - HEADER, 0, 4, FFA_INVALID_PARAMETERS},
    {UINT32_MAX - HEADER, 1, 4, FFA_INVALID_PARAMETERS},
    {UINT32_MAX - HEADER, UINT32_MAX, 4, FFA_INVALID_PARAMETERS},
    {TX / 2, UINT32_MAX - TX / 2, 4, FFA_INVALID_PARAMETERS},
    {0x80000000u - HEADER, 0x80000000u, 4, FFA_INVALID_PARAMETERS},
};

static void test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(size_rows); i++) {
        const struct size_row *row = &size_rows[i];
        struct letter letter = {.sender = 1,
                                .receiver = 2,
                                .offset = HEADER + row->offset,
                                .bytes = row->bytes,
                                .seed = (uint8_t)i};
        struct posix_vm *from;
        struct posix_vm *to;
        int32_t status;

        rig_start(NULL);
        from = rig_friend(1, FFA_VERSION_1_2);
        to = rig_friend(2, FFA_VERSION_1_2);
        assert_int_equal(map_buffers(from, SENDER_PAGES).status, FFA_OK);
        assert_int_equal(map_buffers(to, row->pages).status, FFA_OK);
        letter_dirty(to, row->pages);
        status = letter_send(from, SENDER_PAGES, &letter);
        if (status != row->status) {
            fail_msg("row %zu: %d", i, status);
        }
        if (status == FFA_OK) {
            letter_assert(to, row->pages, &letter);
        } else {
            assert_true(letter_is_dirty(to, row->pages));
            assert_int_equal(rig_vm_status(to).rx, PARLEY_RX_FREE);
        }
        assert_true(rig_stop());
    }
}

/* Headers of two sizes: what fits one receiver does not fit another. */
static void test_sizes_between_versions(void **state)
{
    const uint32_t small = sizeof(struct ffa_msg_header_1_1);
    struct letter letter = {.sender = 1, .receiver = 2, .bytes = FFA_PAGE_SIZE - small};
    struct posix_vm *from;
    struct posix_vm *to;

    (void)state;
    rig_start(NULL);
    from = rig_friend(1, FFA_VERSION_1_1);
    to = rig_friend(2, FFA_VERSION_1_2);
    map_buffers(from, 1);
    map_buffers(to, 1);
    assert_int_equal(letter_send(from, 1, &letter), FFA_NO_MEMORY);
    letter.bytes = FFA_PAGE_SIZE - HEADER + 1;
    assert_int_equal(letter_send(from, 1, &letter), FFA_NO_MEMORY);
    letter.bytes = FFA_PAGE_SIZE - HEADER;
    assert_int_equal(letter_send(from, 1, &letter), FFA_OK);
    letter_assert(to, 1, &letter);

    /* The offset is held against the sender's header, not the receiver's. */
    assert_int_equal(CALL(to, FFA_RX_RELEASE, 0).status, FFA_OK);
    letter = (struct letter){.sender = 1, .receiver = 2, .offset = small, .bytes = 9};
    assert_int_equal(letter_send(from, 1, &letter), FFA_OK);
    letter_assert(to, 1, &letter);
    letter = (struct letter){.sender = 2, .receiver = 1, .offset = small, .bytes = 9};
    assert_int_equal(letter_send(to, 1, &letter), FFA_INVALID_PARAMETERS);
    letter.offset = HEADER;
    assert_int_equal(letter_send(to, 1, &letter), FFA_OK);
    letter_assert(from, 1, &letter);
    assert_int_equal(CALL(from, FFA_RX_RELEASE, 0).status, FFA_OK);
    letter.offset = 0;
    letter.bytes = FFA_PAGE_SIZE - HEADER;
    assert_int_equal(letter_send(to, 1, &letter), FFA_OK);
    letter_assert(from, 1, &letter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_sizes),
        RIG_TEST(test_sizes_between_versions),
    };

    return closing_line(COUNT(tests), cmocka_run_group_tests(tests, NULL, NULL));
}
