/* SPDX-License-Identifier: BSD-3-Clause */
/* Plays indirect.def, from both sides; then RX and TX that cannot take or give a message. */
#include "mail.h"
#include "pattern.h"
#include "stage.h"

/* A number of bytes that depends on the sender's version and buffers: see bytes_of(). */
typedef int64_t place;

#define HEADER ((place)1 << 36)
#define END    ((place)1 << 46)

struct row {
    uint32_t w1;
    uint32_t w2;
    uint32_t ids;
    place offset;
    place bytes;
    const struct ffa_uuid *uuid; /* NULL: nil, and also from 1.1 */
    bool reserved;               /* all reserved fields are ones */
    const char *why;
    int32_t status;
    bool if_taken;
};

static const struct ffa_uuid nobody_uuid = WORLD_UUID_NOBODY;
static const struct ffa_uuid receivers_uuid; /* these two stand for what a VM has */
static const struct ffa_uuid senders_uuid;

#define UUID_NIL    &members_nil_uuid
#define UUID_NOBODY &nobody_uuid
#define UUID_OWN    &receivers_uuid
#define UUID_OTHER  &senders_uuid

#define SUCCESS                    FFA_OK, false
#define INVALID_PARAMETERS         FFA_INVALID_PARAMETERS, false
#define DENIED                     FFA_DENIED, false
#define BUSY                       FFA_BUSY, false
#define FITS                       FFA_OK, true
#define IF_TAKEN(...)              ONLY_IF_TAKEN(__VA_ARGS__)
#define ONLY_IF_TAKEN(status, any) status, true

#define IDS_OF(from, to)                  ((uint32_t)(from) << 16 | (to))
#define GOOD                              IDS_OF(ME, PEER)
#define WORDS(w1, w2, status, why)        {w1, w2, GOOD, HEADER, 16, NULL, false, why, status},
#define IDS(from, to, status, why)        {0, 0, IDS_OF(from, to), HEADER, 16, NULL, false, why, status},
#define PLACE(offset, bytes, status, why) {0, 0, GOOD, offset, bytes, NULL, false, why, status},
#define UUID(to, uuid, status, why)       {0, 0, IDS_OF(ME, to), HEADER, 16, uuid, false, why, status},
#define RESERVED(why)                     {0, 0, GOOD, HEADER, 16, NULL, true, why, FFA_OK, true},

static const struct row rows[] = {
#include "indirect.def"
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* One message, from this VM or from the servant. */
struct post {
    const struct stage *stage;
    const struct row *row;
    bool from_peer;
    uint32_t version; /* the sender's */
    uint32_t tx_bytes;
    uint32_t receiver_version;
    uint32_t rx_bytes;
    uint32_t seed;
    struct mail mail;
};

/* --- What a row means ------------------------------------------------------------------------- */

static uint16_t id_of(const struct post *post, uint16_t id)
{
    if (post->from_peer && (id == ME || id == PEER)) {
        id = id == ME ? PEER : ME;
    }
    return stage_id(post->stage, id);
}

static uint32_t ids_of(const struct post *post, uint32_t ids)
{
    return ffa_ids_make(id_of(post, ffa_ids_sender(ids)), id_of(post, ffa_ids_receiver(ids)));
}

/* So many headers, so many ends, and the rest, which is less than half a header. */
static uint32_t bytes_of(const struct post *post, place bytes)
{
    place ends = (bytes + END / 2) >> 46;
    place headers = (bytes - ends * END + HEADER / 2) >> 36;
    place rest = bytes - ends * END - headers * HEADER;

    return (uint32_t)(ends * post->tx_bytes + headers * mail_header_bytes(post->version) + rest);
}

static const struct ffa_uuid *uuid_of(const struct post *post)
{
    const struct ffa_uuid *uuid = post->row->uuid;

    if (uuid == &receivers_uuid || uuid == &senders_uuid) {
        return (uuid == &receivers_uuid) == post->from_peer ? &world_find(ME)->uuids[0]
                                                            : &post->stage->peer->uuids[0];
    }
    return uuid != NULL ? uuid : &members_nil_uuid;
}

static uint32_t buffer_bytes(const struct world_vm *vm)
{
    return vm->rxtx_pages_max * FFA_PAGE_SIZE;
}

static struct post post_of(const struct stage *stage, const struct row *row, bool from_peer)
{
    uint32_t own_bytes = buffer_bytes(world_find(ME));
    uint32_t peer_bytes = buffer_bytes(stage->peer);
    uint32_t ones = row->reserved ? UINT32_MAX : 0;
    struct post post = {
        .stage = stage,
        .row = row,
        .from_peer = from_peer,
        .version = from_peer ? stage->peer->version : stage->client->version,
        .tx_bytes = from_peer ? peer_bytes : own_bytes,
        .receiver_version = from_peer ? stage->client->version : stage->peer->version,
        .rx_bytes = from_peer ? own_bytes : peer_bytes,
        .seed = stage->client->calls,
    };

    post.mail = (struct mail){
        .flags = ones,
        .reserved = ones,
        .reserved2 = ones,
        .offset = bytes_of(&post, row->offset),
        .from = id_of(&post, ffa_ids_sender(row->ids)),
        .to = id_of(&post, ffa_ids_receiver(row->ids)),
        .bytes = bytes_of(&post, row->bytes),
        .uuid = *uuid_of(&post),
    };
    return post;
}

static bool is_in_tx(const struct post *post)
{
    return (uint64_t)post->mail.offset + post->mail.bytes <= post->tx_bytes &&
           post->mail.offset >= mail_header_bytes(post->version);
}

static int32_t expected_of(const struct post *post)
{
    const struct row *row = post->row;
    uint32_t payload_max;

    if (post->version < FFA_VERSION_1_1) {
        return FFA_NOT_SUPPORTED;
    }
    if (row->status != FFA_INVALID_PARAMETERS && post->from_peer &&
        !stage_peer_sees(post->stage, post->mail.to)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (row->status == FFA_OK && !is_in_tx(post)) {
        return FFA_INVALID_PARAMETERS;
    }
    if (row->if_taken && post->receiver_version < FFA_VERSION_1_1) {
        return FFA_DENIED;
    }
    payload_max = post->rx_bytes - mail_header_bytes(post->receiver_version);
    return row->status == FFA_OK && post->mail.bytes > payload_max ? FFA_NO_MEMORY : row->status;
}

/* --- Sending ---------------------------------------------------------------------------------- */

static int32_t send_here(const struct post *post, uint32_t w1)
{
    uint8_t *tx = post->stage->buffers.tx;

    mail_write(tx, post->version, &post->mail);
    if (is_in_tx(post)) {
        pattern_fill(tx + post->mail.offset, post->mail.bytes, post->seed);
    }
    return FFA_STATUS(post->stage->client, FFA_MSG_SEND2, w1, post->row->w2);
}

static uint64_t word_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static int32_t send_there(const struct post *post, uint32_t w1)
{
    const struct errand *errand = &post->stage->errand;
    uint8_t header[MAIL_HEADER_BYTES_MAX + 8] = {0};

    mail_write(header, post->version, &post->mail);
    for (unsigned int at = 0; at < sizeof(header); at += 16) {
        ERRAND(errand, SERVANT_TX, at, word_at(header + at), word_at(header + at + 4),
               word_at(header + at + 8), word_at(header + at + 12));
    }
    if (is_in_tx(post)) {
        ERRAND(errand, SERVANT_FILL, post->mail.offset, post->mail.bytes, post->seed);
    }
    return THERE(post->stage, FFA_MSG_SEND2, w1, post->row->w2);
}

static int32_t send(const struct post *post)
{
    uint32_t w1 = ids_of(post, post->row->w1);

    return post->from_peer ? send_there(post, w1) : send_here(post, w1);
}

/* --- Receiving -------------------------------------------------------------------------------- */

static void paint_rx(const struct post *post)
{
    const struct buffers *buffers = &post->stage->buffers;

    if (post->from_peer) {
        pattern_paint(buffers->rx, (size_t)buffers->pages * FFA_PAGE_SIZE);
    } else {
        ERRAND(&post->stage->errand, SERVANT_PAINT, 0, 0);
    }
}

static void read_header_there(const struct post *post, uint8_t *header, unsigned int bytes)
{
    for (unsigned int at = 0; at < bytes; at += 16) {
        uint64_t words[ERRAND_WORDS] = {0};

        errand_run(&post->stage->errand, SERVANT(SERVANT_RX, at), words, words);
        for (unsigned int i = 0; i < 16; i++) {
            header[at + i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
        }
    }
}

/* Bytes of the payload that are wrong, and bytes behind it that are not zero. */
static uint64_t count_wrong(const struct post *post)
{
    uint32_t header_bytes = mail_header_bytes(post->receiver_version);
    uint32_t end = header_bytes + post->mail.bytes;
    const uint8_t *rx = post->stage->buffers.rx;
    uint64_t words[ERRAND_WORDS] = {post->mail.bytes, post->seed};

    if (post->from_peer) {
        return pattern_wrong(rx + header_bytes, post->mail.bytes, post->seed) +
               pattern_not_zero(rx + end, post->rx_bytes - end);
    }
    errand_run(&post->stage->errand, SERVANT(SERVANT_CHECK, header_bytes), words, words);
    return words[0] + words[1];
}

static void expect_header(const struct post *post)
{
    struct client *client = post->stage->client;
    uint8_t header[MAIL_HEADER_BYTES_MAX + 8];
    bool both_1_2 = post->version >= FFA_VERSION_1_2 && post->receiver_version >= FFA_VERSION_1_2;
    struct mail found;

    if (post->from_peer) {
        mail_read(post->stage->buffers.rx, post->receiver_version, &found);
    } else {
        read_header_there(post, header, sizeof(header));
        mail_read(header, post->receiver_version, &found);
    }
    expect_equal(client, found.flags, 0, "flags of a header");
    expect_equal(client, found.reserved | found.reserved2, 0, "reserved words of a header");
    expect_equal(client, found.offset, mail_header_bytes(post->receiver_version),
                 "where the payload is");
    expect_equal(client, found.from, post->mail.from, "the sender in a header");
    expect_equal(client, found.to, post->mail.to, "the receiver in a header");
    expect_equal(client, found.bytes, post->mail.bytes, "the bytes in a header");
    expect(client, ffa_uuid_equal(&found.uuid, both_1_2 ? &post->mail.uuid : &members_nil_uuid),
           "the UUID in a header");
}

/* The receiver makes a call. */
static int32_t receiver_calls(const struct post *post, uint32_t fid, uint32_t w1, uint32_t w2)
{
    return post->from_peer ? FFA_STATUS(post->stage->client, fid, w1, w2)
                           : THERE(post->stage, fid, w1, w2);
}

/* The hypervisor says so: bit 0 of its framework notifications, once. */
static void expect_rx_full(const struct post *post)
{
    uint16_t receiver = id_of(post, PEER);
    uint32_t w1 = ffa_receiver_info_make(receiver, 0);

    for (unsigned int i = 0; i < 2; i++) {
        struct guest_regs got;

        if (post->from_peer) {
            got =
                FFA(post->stage->client, FFA_NOTIFICATION_GET, w1, FFA_NOTIFICATION_GET_HYPERVISOR);
        } else {
            got = errand_call(&post->stage->errand, FFA_NOTIFICATION_GET,
                              (const uint64_t[ERRAND_WORDS]){w1, FFA_NOTIFICATION_GET_HYPERVISOR});
        }
        expect_status(post->stage->client, client_status(&got), FFA_OK, "NOTIFICATION_GET");
        expect_equal(post->stage->client, got.x[7], i == 0 ? FFA_NOTIFICATION_RX_FULL : 0,
                     "RX is full, says the hypervisor, once");
    }
}

static void expect_received(const struct post *post)
{
    expect_header(post);
    expect_equal(post->stage->client, count_wrong(post), 0, "wrong bytes in RX");
    expect_rx_full(post);
    expect_status(post->stage->client, receiver_calls(post, FFA_RX_RELEASE, 0, 0), FFA_OK,
                  "RX_RELEASE of a message");
}

static void play(const struct stage *stage, bool from_peer)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct post post = post_of(stage, &rows[i], from_peer);
        int32_t status;

        stage->client->row = (unsigned int)i + 1;
        if (rows[i].uuid != NULL && post.version < FFA_VERSION_1_2) {
            continue;
        }
        paint_rx(&post);
        status = send(&post);
        expect_status(stage->client, status, expected_of(&post), rows[i].why);
        if (status == FFA_OK) {
            expect_received(&post);
        }
    }
}

/* --- Buffers that cannot take or give a message ----------------------------------------------- */

static const struct row extra_rows[] = {
    WORDS(0, 0, SUCCESS, "a good message") PLACE(HEADER, END - HEADER, SUCCESS, "all that TX holds")
        UUID(PEER, UUID_NOBODY, INVALID_PARAMETERS, "nobody's UUID")};

#define GOOD_ROW (&extra_rows[0])
#define BIG_ROW  (&extra_rows[1])
#define UUID_ROW (&extra_rows[2])

static void expect_sent(const struct stage *stage, const struct row *row, bool from_peer,
                        int32_t expected, const char *why)
{
    struct post post = post_of(stage, row, from_peer);

    expect_status(stage->client, send(&post), expected, why);
}

/* RX is the receiver's from a message to its release. */
static void fill_rx_twice(const struct stage *stage, bool from_peer)
{
    struct post post = post_of(stage, GOOD_ROW, from_peer);

    expect_sent(stage, GOOD_ROW, from_peer, FFA_OK, "a message");
    expect_sent(stage, GOOD_ROW, from_peer, FFA_BUSY, "a second one, with RX full");
    expect_sent(stage, BIG_ROW, from_peer, FFA_BUSY, "RX comes before the size");
    if (post.version >= FFA_VERSION_1_2) {
        expect_sent(stage, UUID_ROW, from_peer, FFA_INVALID_PARAMETERS, "the UUID before RX");
    }
    expect_status(stage->client, receiver_calls(&post, FFA_RX_RELEASE, 0, 0), FFA_OK,
                  "RX_RELEASE of the first one");
    expect_status(stage->client, receiver_calls(&post, FFA_RX_RELEASE, 0, 0), FFA_DENIED,
                  "RX_RELEASE when RX is free");
    expect_sent(stage, GOOD_ROW, from_peer, FFA_OK, "a message after that");
    expect_status(stage->client, receiver_calls(&post, FFA_RX_RELEASE, 0, 0), FFA_OK,
                  "RX_RELEASE of it");
    expect_rx_full(&post);
}

static void send_to_no_rx(const struct stage *stage)
{
    struct post post = post_of(stage, GOOD_ROW, false);

    expect_status(stage->client, THERE(stage, FFA_RXTX_UNMAP, 0), FFA_OK, "the servant's UNMAP");
    expect_sent(stage, GOOD_ROW, false, FFA_BUSY, "to a VM without RX");
    expect_sent(stage, BIG_ROW, false, FFA_BUSY, "RX comes before the size");
    expect_status(stage->client, (int32_t)ERRAND(&stage->errand, SERVANT_MAP, 0, 0), FFA_OK,
                  "the servant's MAP");
    expect_sent(stage, GOOD_ROW, false, FFA_OK, "to a VM with RX");
    expect_status(stage->client, receiver_calls(&post, FFA_RX_RELEASE, 0, 0), FFA_OK,
                  "its RX_RELEASE");
    expect_rx_full(&post);
}

static void send_from_no_tx(const struct stage *stage)
{
    const struct buffers *buffers = &stage->buffers;
    struct client *client = stage->client;

    expect_status(client, FFA_STATUS(client, FFA_RXTX_UNMAP, 0), FFA_OK, "RXTX_UNMAP");
    expect_sent(stage, GOOD_ROW, false, FFA_DENIED, "from a VM without TX");
    expect_status(client, FFA_STATUS(client, FFA_MSG_SEND2, 0, 1), FFA_INVALID_PARAMETERS,
                  "w2 comes before TX");
    expect_status(client,
                  FFA_STATUS(client, FFA_RXTX_MAP_32, guest_ipa(buffers->tx),
                             guest_ipa(buffers->rx), buffers->pages),
                  FFA_OK, "RXTX_MAP");
}

void chapter_indirect(struct stage *stage)
{
    struct client *client = stage->client;
    bool served = client->version >= FFA_VERSION_1_1 && stage->peer->version >= FFA_VERSION_1_1;

    client->about = "indirect.def";
    play(stage, false);
    client->about = "indirect.def, from the servant";
    play(stage, true);
    client->about = NULL;
    if (served) {
        fill_rx_twice(stage, false);
        fill_rx_twice(stage, true);
        send_to_no_rx(stage);
        send_from_no_tx(stage);
    }
    expect_status(client, FFA_STATUS(client, FFA_RX_RELEASE, 0), FFA_DENIED, "RX is free");
}
