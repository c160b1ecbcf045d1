/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What notifications between VMs are, in as few words as possible: who is bound to whom, what pends
 * where, and who has been interrupted. Each function does what a call does, and returns the status
 * that it must have.
 */
#ifndef NOTIFICATION_MODEL_H
#define NOTIFICATION_MODEL_H

#include <parley/parley.h>

#define MODEL_VMS   6u /* IDs 1 to 6 */
#define MODEL_VCPUS 4u
#define MODEL_EVERY MODEL_VCPUS /* in place of a vCPU: the VM as a whole */

/* What pends for one vCPU, or for the VM as a whole. */
struct model_scope {
    uint64_t bits;
    bool is_armed; /* interrupted, and nobody has looked since */
    bool is_told;  /* by FFA_NOTIFICATION_INFO_GET */
};

struct model_vm {
    bool is_there;
    bool receives;
    uint32_t life;
    bool may_notify[MODEL_VMS + 1];
    bool is_online[MODEL_VCPUS];
    struct model_scope scope[MODEL_VCPUS + 1];
    struct {
        uint16_t sender; /* 0: nobody */
        uint32_t life;
        bool is_per_vcpu;
    } bound[64];
    unsigned int interrupts[MODEL_VCPUS]; /* in this life */
};

/* Index 0 is not used. */
extern struct model_vm model[MODEL_VMS + 1];

/* Everybody is there, receives, and may notify everybody. */
void model_begin(void);

int32_t model_bind(uint16_t receiver, uint16_t sender, bool is_per_vcpu, uint64_t bits);
int32_t model_unbind(uint16_t receiver, uint16_t sender, uint64_t bits);

/* What the sender could set for the receiver, of one kind. */
uint64_t model_bound(uint16_t sender, uint16_t receiver, bool is_per_vcpu);

/* vcpu: MODEL_EVERY for a global one. */
int32_t model_set(uint16_t sender, uint16_t receiver, unsigned int vcpu, uint64_t bits);

/* What is got; it is taken if `takes`. */
uint64_t model_get(uint16_t receiver, unsigned int vcpu, bool takes);

/* The scopes with news, a bit for each; they are told then. */
unsigned int model_news(uint16_t receiver);

void model_set_online(uint16_t id, unsigned int vcpu, bool online);

/* The VM's next life; or its end, after which it is not there before its next life. */
void model_next_life(uint16_t id);
void model_end(uint16_t id);

#endif
