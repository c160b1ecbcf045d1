/* SPDX-License-Identifier: BSD-3-Clause */
#include "stage.h"

#include "abi.h"

/*
 * A word of a payload is different in each place and each request. Its halves start with this byte,
 * so that neither they nor what they are inverted could be a part of any address of RAM:
 * hypervisors may look for leaks of those.
 */
#define NO_ADDRESS 0x1a000000u

#define PATIENCE_US 10000000u

const uint32_t stage_kinds[STAGE_KINDS] = {
    FFA_MSG_SEND_DIRECT_REQ_32,
    FFA_MSG_SEND_DIRECT_REQ_64,
    FFA_MSG_SEND_DIRECT_REQ2,
};

uint16_t stage_id(const struct stage *stage, uint32_t id)
{
    return id == PEER ? stage->peer->id : (uint16_t)id;
}

uint32_t stage_ids(const struct stage *stage, uint32_t ids)
{
    return ffa_ids_make(stage_id(stage, ffa_ids_sender(ids)),
                        stage_id(stage, ffa_ids_receiver(ids)));
}

bool stage_has(const struct stage *stage, uint32_t fid)
{
    return abi_find(stage->client->version, guest_is_aarch64(), fid) != NULL;
}

bool stage_peer_has(const struct stage *stage, uint32_t fid)
{
    return abi_find(stage->peer->version, stage->peer->aarch64, fid) != NULL;
}

bool stage_peer_sees(const struct stage *stage, uint16_t id)
{
    for (unsigned int i = 0; i < stage->peer->peer_count; i++) {
        if (stage->peer->peers[i] == id) {
            return true;
        }
    }
    return ffa_id_is_secure(id) && secure_world_is_known(stage->world) && stage->peer->sees_secure;
}

static uint64_t payload_word(const struct stage *stage, unsigned int i)
{
    uint32_t calls = __atomic_load_n(&stage->client->calls, __ATOMIC_RELAXED) & 0xffff;
    uint32_t low = NO_ADDRESS | calls << 8 | i;
    uint32_t high = NO_ADDRESS | i << 16 | calls;

    return (uint64_t)high << 32 | low;
}

struct message stage_request(const struct stage *stage, uint32_t fid, uint32_t command_word)
{
    struct message request = {
        .fid = fid,
        .from = stage->errand.self,
        .to = stage->errand.servant,
        .word = {command_word},
    };

    for (unsigned int i = 1; i < MESSAGE_WORDS_MAX; i++) {
        request.word[i] = payload_word(stage, i);
    }
    return request;
}

int32_t stage_call_there(const struct stage *stage, uint32_t fid,
                         const uint64_t arguments[ERRAND_WORDS])
{
    struct guest_regs result = {{0}};

    errand_run(&stage->errand, SERVANT(SERVANT_CALL, SERVANT_FID(fid)), arguments, result.x);
    return client_status(&result);
}

void stage_serve(struct stage *stage)
{
    stage->serving = guest_vcpu_start(1, servant_serve, &stage->own);
    expect(stage->client, stage->serving, "vCPU 1 serves");
    stage_await_own(stage);
}

void stage_await_own(const struct stage *stage)
{
    int32_t status;

    do {
        status = THERE(stage, FFA_MSG_SEND_DIRECT_REQ_32, ffa_ids_make(stage->peer->id, ME), 0,
                       SERVANT(SERVANT_NOTHING, 0));
    } while (status == FFA_BUSY);
    expect_status(stage->client, status, FFA_OK, "the servant's request to our own");
}

/*
 * The servant's vCPU 0 asks our own vCPU 1, and that asks the servant, of which vCPU 1 alone is
 * left. The words of the inner call come back in the last four of the outer one.
 */
void stage_await_servant(const struct stage *stage)
{
    const uint64_t ask_us[ERRAND_WORDS] = {
        ffa_ids_make(stage->peer->id, ME), 0,
        SERVANT(SERVANT_CALL, SERVANT_FID(FFA_MSG_SEND_DIRECT_REQ_32)),
        ffa_ids_make(ME, stage->peer->id)};
    uint64_t end = guest_clock() + PATIENCE_US;
    struct guest_regs answer;

    errand_await(&stage->errand);
    stage_await_own(stage);
    do {
        answer = errand_call(&stage->errand, FFA_MSG_SEND_DIRECT_REQ_32, ask_us);
    } while (answer.x[4] == FFA_ERROR && (int32_t)(uint32_t)answer.x[6] == FFA_BUSY &&
             guest_clock() < end);
    expect_equal(stage->client, answer.x[7], SERVANT_ANSWER(SERVANT_NOTHING, 1),
                 "the servant's vCPU 1 serves");
}
