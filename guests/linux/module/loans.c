// SPDX-License-Identifier: BSD-3-Clause
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "test.h"

#define FEW         8
#define MANY        600 /* more than the ranges of two fragments in a buffer of a page */
#define PERMISSIONS (FFA_MEM_RW << 16)
#define FILL_SEED   0x5au
#define FILL_BYTES  2048u
#define FILL_OFFSET 1024u /* in the last page */

/* --- Pages ------------------------------------------------------------------------------------ */

static u8 pattern(u32 seed, unsigned int page, unsigned int i)
{
    return COMMAND_PATTERN(seed + page, i);
}

/* A page: its number, and a pattern of its own. */
static void write_page(struct page *page, u32 seed, unsigned int number)
{
    u8 *bytes = kmap_local_page(page);

    for (unsigned int i = 0; i < PAGE_SIZE; i++) {
        bytes[i] = pattern(seed, number, i);
    }
    *(u32 *)bytes = number;
    kunmap_local(bytes);
}

static u32 first_word(unsigned int number, enum loan_use use)
{
    switch (use) {
    case LOAN_RAISED:
        return number + LOAN_MORE;
    case LOAN_INVERTED:
        return ~number;
    default:
        return number;
    }
}

static bool is_page_right(struct page *page, u32 seed, unsigned int number, enum loan_use use)
{
    const u8 *bytes = kmap_local_page(page);
    bool right = *(const u32 *)bytes == first_word(number, use);

    for (unsigned int i = sizeof(u32); i < PAGE_SIZE; i++) {
        right = right && bytes[i] == pattern(seed, number, i);
    }
    kunmap_local(bytes);
    return right;
}

unsigned int loan_wrong(const struct loan *loan, u32 seed, enum loan_use use)
{
    unsigned int wrong = 0;

    for (unsigned int i = 0; i < loan->count; i++) {
        wrong += !is_page_right(loan->pages[i], seed, i, use);
    }
    return wrong;
}

/* Takes twice as many, and gives every other one back, so that few are neighbours. */
static int take_pages(struct loan *loan)
{
    unsigned int taken = 0;
    struct page *page;

    for (; taken < 2 * loan->count; taken++) {
        page = alloc_page(GFP_KERNEL);
        if (page == NULL) {
            break;
        }
        loan->pages[taken % 2 * loan->count + taken / 2] = page;
    }
    for (unsigned int i = 0; i < taken / 2; i++) {
        __free_page(loan->pages[loan->count + i]);
    }
    if (taken == 2 * loan->count) {
        return 0;
    }
    loan->count = (taken + 1) / 2;
    return -ENOMEM;
}

void loan_free(struct loan *loan)
{
    for (unsigned int i = 0; i < loan->count; i++) {
        __free_page(loan->pages[i]);
    }
    sg_free_table(&loan->table);
    kvfree(loan->pages);
}

int loan_make(struct loan *loan, unsigned int count, u32 seed)
{
    struct scatterlist *entry;
    int error;
    int i;

    *loan = (struct loan){.count = count};
    loan->pages = kvmalloc_array(2 * count, sizeof(loan->pages[0]), GFP_KERNEL);
    if (loan->pages == NULL) {
        return -ENOMEM;
    }
    error = take_pages(loan);
    if (error == 0) {
        error = sg_alloc_table(&loan->table, count, GFP_KERNEL);
    }
    if (error != 0) {
        loan_free(loan);
        return error;
    }
    for_each_sg(loan->table.sgl, entry, count, i)
    {
        sg_set_page(entry, loan->pages[i], PAGE_SIZE, 0);
        write_page(loan->pages[i], seed, i);
        loan->ranges +=
            i == 0 || page_to_pfn(loan->pages[i]) != page_to_pfn(loan->pages[i - 1]) + 1;
    }
    return 0;
}

/* --- Transactions ----------------------------------------------------------------------------- */

int loan_grant(struct loan *loan, enum loan_kind kind, struct partner *to)
{
    const struct ffa_mem_ops *ops = to->device->ops->mem_ops;
    struct ffa_mem_region_attributes borrower = {
        .receiver = to->device->vm_id,
        .attrs = FFA_MEM_RW,
    };
    struct ffa_mem_ops_args arguments = {
        .use_txbuf = true,
        .nattrs = 1,
        .sg = loan->table.sgl,
        .attrs = &borrower,
    };
    int error = kind == LOAN_SHARE ? ops->memory_share(&arguments) : ops->memory_lend(&arguments);

    loan->handle = arguments.g_handle;
    return error;
}

int loan_reclaim(struct loan *loan)
{
    return echo.device->ops->mem_ops->memory_reclaim(loan->handle, 0);
}

static int ask_echo(const struct loan *loan, u32 command, u32 third, u32 fourth, u32 *answer)
{
    u32 words[4] = {lower_32_bits(loan->handle), upper_32_bits(loan->handle), third, fourth};
    int status = talk_command(&echo, command, words);

    *answer = words[0];
    return status;
}

/* --- What borrowers do ------------------------------------------------------------------------ */

/* The sum of a page's bytes from `first` on, as the partition makes it. */
static u32 page_sum(u32 seed, unsigned int page, unsigned int first)
{
    u32 sum = 0;

    for (unsigned int i = first; i < PAGE_SIZE; i++) {
        sum = COMMAND_CHECKSUM(sum, pattern(seed, page, i));
    }
    return sum;
}

/* The first words come out right, and are all made more; the rest of the last page is right. */
static int have_echo_use(const struct loan *loan, u32 seed)
{
    const u32 numbers = loan->count * (loan->count - 1) / 2;
    const unsigned int last = loan->count - 1;
    u32 found;

    if (ask_echo(loan, COMMAND_MEMORY_WALK, LOAN_MORE, 0, &found) != 0 || found != numbers) {
        return -EIO;
    }
    if (ask_echo(loan, COMMAND_MEMORY_SUM, last * PAGE_SIZE + sizeof(u32), PAGE_SIZE - sizeof(u32),
                 &found) != 0 ||
        found != page_sum(seed, last, sizeof(u32))) {
        return -EIO;
    }
    return 0;
}

static int have_echo_borrow(const struct loan *loan, u32 seed)
{
    unsigned int tries = 0;
    int status;
    int error;
    u32 pages;
    u32 nothing;

    /* It is told what it retrieves in its RX buffer, which is busy with a message now and then. */
    do {
        status = ask_echo(loan, COMMAND_MEMORY_RETRIEVE, self | PERMISSIONS, 0, &pages);
    } while (status == FFA_RET_BUSY && talk_patience(&tries));
    if (!expect(status == 0 && pages == loan->count, "echo retrieves %u of %u pages: %d", pages,
                loan->count, status)) {
        return status;
    }
    error = have_echo_use(loan, seed);
    status = ask_echo(loan, COMMAND_MEMORY_RELINQUISH, 0, 0, &nothing);
    return error != 0 ? error : status;
}

static int have_servant_borrow(const struct loan *loan)
{
    u32 words[4] = {lower_32_bits(loan->handle), upper_32_bits(loan->handle)};

    if (!talk_servant(SERVANT(SERVANT_BORROW, 0), words)) {
        return -EIO;
    }
    if (words[0] != 0) {
        return (int)words[0];
    }
    return expect(words[1] == 0 && words[2] == loan->count, "servant: %u of %u pages, %u wrong",
                  words[2], loan->count, words[1])
               ? 0
               : -EIO;
}

/* What is not reclaimed is not freed: it belongs to somebody else. */
static int take_back(struct loan *loan, u32 seed, enum loan_use use, int error)
{
    int status = loan_reclaim(loan);

    if (!expect(status == 0, "a reclaim: %d", status)) {
        return status;
    }
    if (error == 0 && loan_wrong(loan, seed, use) != 0) {
        error = -EIO;
    }
    loan_free(loan);
    return error;
}

static int make_and_grant(struct loan *loan, enum loan_kind kind, struct partner *to,
                          unsigned int pages, u32 seed)
{
    int error = loan_make(loan, pages, seed);

    if (error != 0) {
        return error;
    }
    error = loan_grant(loan, kind, to);
    if (error != 0) {
        loan_free(loan);
    }
    return error;
}

int loan_to_partition(enum loan_kind kind, unsigned int pages, u32 seed)
{
    struct loan loan;
    int error = make_and_grant(&loan, kind, &echo, pages, seed);

    return error != 0 ? error : take_back(&loan, seed, LOAN_RAISED, have_echo_borrow(&loan, seed));
}

int loan_to_servant(enum loan_kind kind, unsigned int pages, u32 seed)
{
    struct loan loan;
    int error = make_and_grant(&loan, kind, &servant, pages, seed);

    return error != 0 ? error : take_back(&loan, seed, LOAN_INVERTED, have_servant_borrow(&loan));
}

/* --- What is shown ---------------------------------------------------------------------------- */

/* While echo holds it: each sees what the other writes, and it cannot be had back. */
static void show_sharing(void)
{
    struct loan loan;
    u32 *word;
    u32 found;
    int error = make_and_grant(&loan, LOAN_SHARE, &echo, FEW, 1);

    if (!prove(error == 0, "memory: %u pages are shared with echo (%d)", FEW, error)) {
        return;
    }
    ask_echo(&loan, COMMAND_MEMORY_RETRIEVE, self | PERMISSIONS, 0, &found);
    word = kmap_local_page(loan.pages[FEW - 1]);
    WRITE_ONCE(word[7], 0x0badcafe);
    ask_echo(&loan, COMMAND_MEMORY_READ, (FEW - 1) * PAGE_SIZE + 7 * sizeof(u32), 0, &found);
    prove(found == 0x0badcafe, "memory: echo reads what Linux writes while it is shared");
    ask_echo(&loan, COMMAND_MEMORY_WRITE, (FEW - 1) * PAGE_SIZE + 8 * sizeof(u32), 0xfeedbee,
             &found);
    prove(READ_ONCE(word[8]) == 0xfeedbee,
          "memory: Linux reads what echo writes while it is shared");
    kunmap_local(word);
    error = loan_reclaim(&loan);
    prove(error == -EACCES, "memory: what echo holds is not reclaimed, DENIED (%d)", error);
    ask_echo(&loan, COMMAND_MEMORY_RELINQUISH, 0, 0, &found);
    error = loan_reclaim(&loan);
    prove(error == 0, "memory: what echo has given back is reclaimed (%d)", error);
    error = loan_reclaim(&loan);
    prove(error == -EINVAL, "memory: it is not reclaimed again, INVALID_PARAMETERS (%d)", error);
    loan_free(&loan);
}

/* A run of bytes of one page, with the partition's pattern. */
static void show_writing(void)
{
    struct loan loan;
    unsigned int wrong = 0;
    const u8 *bytes;
    u32 found;
    int error = make_and_grant(&loan, LOAN_LEND, &echo, FEW, 2);

    if (!prove(error == 0, "memory: %u pages are lent to echo (%d)", FEW, error)) {
        return;
    }
    ask_echo(&loan, COMMAND_MEMORY_RETRIEVE, self | PERMISSIONS, 0, &found);
    ask_echo(&loan, COMMAND_MEMORY_FILL, (FEW - 1) * PAGE_SIZE + FILL_OFFSET,
             FILL_SEED << 24 | FILL_BYTES, &found);
    ask_echo(&loan, COMMAND_MEMORY_RELINQUISH, 0, 0, &found);
    error = loan_reclaim(&loan);
    if (!prove(error == 0, "memory: they are reclaimed (%d)", error)) {
        return;
    }
    bytes = kmap_local_page(loan.pages[FEW - 1]);
    for (u32 i = 0; i < FILL_BYTES; i++) {
        wrong += bytes[FILL_OFFSET + i] != COMMAND_PATTERN(FILL_SEED, i);
    }
    kunmap_local(bytes);
    prove(wrong == 0, "memory: %u bytes that echo wrote are there", FILL_BYTES);
    for (unsigned int i = 0; i < FEW; i++) {
        write_page(loan.pages[i], 99, i);
    }
    prove(loan_wrong(&loan, 99, LOAN_UNUSED) == 0, "memory: Linux uses them again");
    loan_free(&loan);
}

void loans_show(void)
{
    static const char *const words[] = {[LOAN_SHARE] = "shared with", [LOAN_LEND] = "lent to"};
    int error;

    show_sharing();
    show_writing();
    for (enum loan_kind kind = LOAN_SHARE; kind <= LOAN_LEND; kind++) {
        error = loan_to_partition(kind, MANY, 10 + kind);
        prove(error == 0,
              "memory: %u pages, in fragments, %s echo, used, reclaimed and verified (%d)", MANY,
              words[kind], error);
        error = loan_to_servant(kind, FEW, 20 + kind);
        prove(error == 0, "memory: %u pages %s servant, used, reclaimed and verified (%d)", FEW,
              words[kind], error);
        error = loan_to_servant(kind, MANY, 30 + kind);
        prove(error == 0,
              "memory: %u pages, in fragments, %s servant, used, reclaimed and verified (%d)", MANY,
              words[kind], error);
    }
}
