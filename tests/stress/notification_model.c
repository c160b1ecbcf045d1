/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "notification_model.h"

struct model_vm model[MODEL_VMS + 1];

void model_begin(void)
{
    memset(model, 0, sizeof(model));
    for (uint16_t id = 1; id <= MODEL_VMS; id++) {
        model[id].receives = true;
        for (uint16_t peer = 1; peer <= MODEL_VMS; peer++) {
            model[id].may_notify[peer] = true;
        }
        model_next_life(id);
    }
}

void model_end(uint16_t id)
{
    struct model_vm *vm = &model[id];

    vm->is_there = false;
    memset(vm->scope, 0, sizeof(vm->scope));
    memset(vm->bound, 0, sizeof(vm->bound));
    memset(vm->interrupts, 0, sizeof(vm->interrupts));
}

void model_next_life(uint16_t id)
{
    model_end(id);
    model[id].is_there = true;
    model[id].life++;
    for (unsigned int i = 0; i < MODEL_VCPUS; i++) {
        model[id].is_online[i] = true;
    }
}

static bool is_sender(uint16_t id)
{
    return id >= 1 && id <= MODEL_VMS;
}

/* --- Binding ---------------------------------------------------------------------------------- */

static uint64_t pending_anywhere(const struct model_vm *vm)
{
    uint64_t bits = 0;

    for (unsigned int i = 0; i <= MODEL_VCPUS; i++) {
        bits |= vm->scope[i].bits;
    }
    return bits;
}

static bool is_bound_to(const struct model_vm *vm, unsigned int bit, uint16_t sender)
{
    return vm->bound[bit].sender == sender && vm->bound[bit].life == model[sender].life;
}

/* To somebody who lives, and is not this sender. */
static bool is_bound_to_another(const struct model_vm *vm, unsigned int bit, uint16_t sender)
{
    uint16_t bound = vm->bound[bit].sender;

    return bound != 0 && bound != sender && model[bound].is_there && is_bound_to(vm, bit, bound);
}

int32_t model_bind(uint16_t receiver, uint16_t sender, bool is_per_vcpu, uint64_t bits)
{
    struct model_vm *vm = &model[receiver];

    if (sender == receiver || bits == 0 || !is_sender(sender) || !model[sender].is_there) {
        return FFA_INVALID_PARAMETERS;
    }
    if ((bits & pending_anywhere(vm)) != 0) {
        return FFA_DENIED;
    }
    for (unsigned int i = 0; i < 64; i++) {
        if ((bits >> i & 1) != 0 && is_bound_to_another(vm, i, sender)) {
            return FFA_DENIED;
        }
    }
    for (unsigned int i = 0; i < 64; i++) {
        if ((bits >> i & 1) != 0) {
            vm->bound[i].sender = sender;
            vm->bound[i].life = model[sender].life;
            vm->bound[i].is_per_vcpu = is_per_vcpu;
        }
    }
    return FFA_OK;
}

int32_t model_unbind(uint16_t receiver, uint16_t sender, uint64_t bits)
{
    struct model_vm *vm = &model[receiver];

    if (sender == receiver || bits == 0 || !is_sender(sender)) {
        return FFA_INVALID_PARAMETERS;
    }
    if ((bits & pending_anywhere(vm)) != 0) {
        return FFA_DENIED;
    }
    for (unsigned int i = 0; i < 64; i++) {
        if ((bits >> i & 1) != 0 && vm->bound[i].sender != sender) {
            return FFA_DENIED;
        }
    }
    for (unsigned int i = 0; i < 64; i++) {
        if ((bits >> i & 1) != 0) {
            vm->bound[i].sender = 0;
        }
    }
    return FFA_OK;
}

uint64_t model_bound(uint16_t sender, uint16_t receiver, bool is_per_vcpu)
{
    uint64_t bits = 0;

    for (unsigned int i = 0; i < 64 && is_sender(receiver); i++) {
        const struct model_vm *vm = &model[receiver];

        if (is_bound_to(vm, i, sender) && vm->bound[i].is_per_vcpu == is_per_vcpu) {
            bits |= 1ull << i;
        }
    }
    return bits;
}

/* --- Interrupts ------------------------------------------------------------------------------- */

/* Whom an interrupt for a scope can reach now; MODEL_VCPUS: nobody. */
static unsigned int reachable(const struct model_vm *vm, unsigned int scope)
{
    unsigned int i = 0;

    if (scope != MODEL_EVERY) {
        return vm->is_online[scope] ? scope : MODEL_VCPUS;
    }
    while (i < MODEL_VCPUS && !vm->is_online[i]) {
        i++;
    }
    return i;
}

static void interrupt(struct model_vm *vm, unsigned int scope)
{
    unsigned int vcpu = reachable(vm, scope);

    if (!vm->scope[scope].is_armed && vcpu != MODEL_VCPUS) {
        vm->scope[scope].is_armed = true;
        vm->interrupts[vcpu]++;
    }
}

void model_set_online(uint16_t id, unsigned int vcpu, bool online)
{
    struct model_vm *vm = &model[id];

    vm->is_online[vcpu] = online;
    if (!online) {
        vm->scope[MODEL_EVERY].is_armed = false;
        vm->scope[vcpu].is_armed = false;
    }
    if (vm->scope[MODEL_EVERY].bits != 0) {
        interrupt(vm, MODEL_EVERY);
    }
    if (online && vm->scope[vcpu].bits != 0) {
        interrupt(vm, vcpu);
    }
}

/* --- Setting and getting ---------------------------------------------------------------------- */

int32_t model_set(uint16_t sender, uint16_t receiver, unsigned int vcpu, uint64_t bits)
{
    bool is_per_vcpu = vcpu != MODEL_EVERY;
    struct model_vm *vm = &model[receiver];
    int32_t status = FFA_OK;

    if (sender == receiver || bits == 0 || !is_sender(receiver) || !vm->is_there) {
        return FFA_INVALID_PARAMETERS;
    }
    if (!model[sender].may_notify[receiver] || !vm->receives) {
        return FFA_DENIED;
    }
    for (unsigned int i = 0; i < 64; i++) {
        if ((bits >> i & 1) == 0) {
            continue;
        }
        if (!is_bound_to(vm, i, sender)) {
            return FFA_DENIED;
        }
        if (vm->bound[i].is_per_vcpu != is_per_vcpu) {
            status = FFA_INVALID_PARAMETERS;
        }
    }
    if (status == FFA_OK && (bits & ~vm->scope[vcpu].bits) != 0) {
        vm->scope[vcpu].bits |= bits;
        vm->scope[vcpu].is_told = false;
        interrupt(vm, vcpu);
    }
    return status;
}

uint64_t model_get(uint16_t receiver, unsigned int vcpu, bool takes)
{
    struct model_scope *own = &model[receiver].scope[vcpu];
    struct model_scope *global = &model[receiver].scope[MODEL_EVERY];
    uint64_t bits = takes ? own->bits | global->bits : 0;

    own->is_armed = false;
    global->is_armed = false;
    if (takes) {
        own->bits = 0;
        global->bits = 0;
    }
    return bits;
}

unsigned int model_news(uint16_t receiver)
{
    unsigned int news = 0;

    for (unsigned int i = 0; i <= MODEL_VCPUS; i++) {
        struct model_scope *scope = &model[receiver].scope[i];

        if (scope->bits != 0 && !scope->is_told) {
            scope->is_told = true;
            news |= 1u << i;
        }
    }
    return news;
}
