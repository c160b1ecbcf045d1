/* SPDX-License-Identifier: BSD-3-Clause */
#include "partition.h"

int32_t partition_ask(struct client *client, uint16_t self, uint16_t partition,
                      uint64_t word[PARTITION_WORDS])
{
    struct message request = {
        .fid = FFA_MSG_SEND_DIRECT_REQ_32,
        .from = self,
        .to = partition,
    };
    struct message response;
    struct guest_regs answer;

    for (unsigned int i = 0; i < PARTITION_WORDS; i++) {
        request.word[i] = word[i];
    }
    answer = message_exchange(client, &request);
    if (!message_read(&answer, &response)) {
        expect_status(client, client_status(&answer), FFA_OK, "a request to a partition");
        response = (struct message){.word = {(uint32_t)FFA_ABORTED}};
    }
    for (unsigned int i = 0; i < PARTITION_WORDS; i++) {
        word[i] = response.word[i];
    }
    return (int32_t)(uint32_t)word[0];
}

static bool vms_are_at_el1(void)
{
    struct guest_regs unknown = {{FFA_VERSION}};

    return guest_call_other(&unknown, GUEST_SMC_IMMEDIATE);
}

bool partition_is_at_s_el1(struct client *client, uint16_t self, uint16_t partition)
{
    uint64_t word[PARTITION_WORDS] = {COMMAND_WHERE};

    partition_ask(client, self, partition, word);
    expect_equal(client, word[1] == 1, vms_are_at_el1(), "a partition at S-EL1, for VMs at EL1");
    return word[1] == 1;
}
