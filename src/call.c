/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One call of a guest: the gate, the dispatcher and the one exit (FF-A 1.2, chapter 11).
 *
 * Nothing is served before a version is in force, and nothing that the table does not offer to that
 * version and width. Results are built in a zeroed register set and leave through leave() alone, so
 * no value of the hypervisor's, and no other VM's, can reach a guest.
 */
#include "internal.h"

struct abi_row {
    uint8_t widths; /* enum abi_widths */
    uint8_t since;  /* enum parley_version */
    uint8_t role;   /* enum abi_role */
    uint8_t needs;  /* enum abi_needs */
};

#define ABI_INDEX(number) ((number)-FFA_NUMBER_FIRST)

static const struct abi_row abi_rows[ABI_INDEX(FFA_NUMBER_LAST) + 1] = {
#define ABI_ROW(name, number, widths, since, role, needs, handler) \
    [ABI_INDEX(number)] = {ABI_##widths, VERSION_##since, ABI_##role, ABI_NEEDS_##needs},
    PARLEY_ABI_TABLE(ABI_ROW)
#undef ABI_ROW
};

/* --- The gate ------------------------------------------------------------- */

static bool row_has_width(const struct abi_row *row, uint32_t fid)
{
    unsigned int width = ffa_fid_is_64(fid) ? ABI_64 : ABI_32;

    return (row->widths & width) != 0;
}

static bool row_has_what_it_needs(const struct abi_row *row, const struct parley_vm *vm)
{
    switch ((enum abi_needs)row->needs) {
    case ABI_NEEDS_SPMC_ID:
        return vm->parley->spmc.has_id;
    case ABI_NEEDS_SIGNALS:
        return vm->parley->config.npi_intid != 0;
    case ABI_NEEDS_RECEIVER:
        return vm->parley->config.npi_intid != 0 &&
               (vm->properties & FFA_PARTITION_NOTIFICATION_RECV) != 0;
    case ABI_NEEDS_DONATION:
        return vm->parley->config.transactions_max != 0 && vm->parley->config.can_donate;
    case ABI_NEEDS_MEMORY:
        return vm->parley->config.transactions_max != 0;
    case ABI_NEEDS_NOTHING:
        break;
    }
    return true;
}

/* What FFA_FEATURES and the gate agree on: does the ABI exist for this VM, at this version? */
static bool row_exists_for(const struct abi_row *row, const struct parley_vm *vm,
                           enum parley_version version, uint32_t fid)
{
    return row->since <= version && row_has_width(row, fid) &&
           (vm->aarch64 || !ffa_fid_is_64(fid)) && row_has_what_it_needs(row, vm);
}

bool parley_abi_offered(const struct parley_vm *vm, enum parley_version version, uint32_t fid)
{
    const struct abi_row *row = &abi_rows[ABI_INDEX(ffa_fid_number(fid))];

    return (row->role == ABI_SERVED || row->role == ABI_DELIVERED) &&
           row_exists_for(row, vm, version, fid);
}

static bool gate_is_open(const struct call *call)
{
    const struct abi_row *row = &abi_rows[ABI_INDEX(ffa_fid_number(call->fid))];

    return row->role == ABI_SERVED && row_exists_for(row, call->vm, call->version, call->fid);
}

/* --- The dispatcher ------------------------------------------------------- */

#define DISPATCH_SERVED(number, handler) \
    case number:                         \
        return parley_handle_##handler(call, result);
#define DISPATCH_DELIVERED(number, handler)
#define DISPATCH_LATER(number, handler)
#define DISPATCH_ELSEWHERE(number, handler)

static int32_t dispatch(const struct call *call, struct parley_regs *result)
{
    switch (ffa_fid_number(call->fid)) {
#define DISPATCH(name, number, widths, since, role, needs, handler) DISPATCH_##role(number, handler)
        PARLEY_ABI_TABLE(DISPATCH)
#undef DISPATCH
    default:
        return FFA_NOT_SUPPORTED;
    }
}

static int32_t serve(struct call *call, struct parley_regs *result)
{
    if (call->fid == FFA_VERSION) {
        return parley_handle_version(call, result);
    }
    if (call->version == VERSION_NONE) {
        call->version = parley_version_finalise(call);
    }
    if (call->version == VERSION_NONE || !gate_is_open(call)) {
        return FFA_NOT_SUPPORTED;
    }
    return dispatch(call, result);
}

/* --- The one exit --------------------------------------------------------- */

static void count_refusal(const struct call *call, int32_t status)
{
    struct parley_vm *vm = call->vm;
    uint64_t occurrence = parley_counter_increment(&vm->counters.refused[-status]);

    if (!parley_occurrence_is_told(occurrence)) {
        return;
    }
    parley_port_event(&(struct parley_event){
        .kind = PARLEY_EVENT_CALL_REFUSED,
        .vm_id = vm->id,
        .vcpu = (uint16_t)call->vcpu,
        .fid = call->fid,
        .status = status,
        .value = occurrence,
    });
}

static bool is_console_log(uint32_t fid)
{
    return fid == FFA_CONSOLE_LOG_32 || fid == FFA_CONSOLE_LOG_64;
}

/*
 * FFA_VERSION alone has no FFA_ERROR: its result is w0 (FF-A 1.2, 13.2). FFA_CONSOLE_LOG alone says
 * more in one: how much of the text was logged before it is to be tried again.
 */
static void make_error(const struct call *call, int32_t status, struct parley_regs *result)
{
    uint64_t logged = is_console_log(call->fid) && status == FFA_RETRY ? result->x[3] : 0;

    *result = (struct parley_regs){{0}};
    if (call->fid == FFA_VERSION) {
        result->x[0] = (uint32_t)status;
        return;
    }
    result->x[0] = FFA_ERROR;
    result->x[2] = (uint32_t)status;
    result->x[3] = logged;
}

/* Whether the answer has 64-bit results. What FFA_VERSION answers in w0 is no function ID. */
static bool answer_is_64(uint32_t answer)
{
    return ffa_fid_is_ffa(answer) && ffa_fid_is_64(answer);
}

/* Whether x8 to x17 belong to this call and its answer: from 1.2 on, if either is a 64-bit one. */
static bool is_wide(const struct call *call, uint32_t answer)
{
    return call->version >= VERSION_1_2 && call->vm->aarch64 &&
           (ffa_fid_is_64(call->fid) || answer_is_64(answer));
}

static void leave(const struct call *call, const struct parley_regs *result,
                  struct parley_regs *regs)
{
    uint32_t answer = result->x[0] != 0 ? (uint32_t)result->x[0] : FFA_SUCCESS_32;
    uint64_t mask = answer_is_64(answer) ? ~0ull : 0xffffffffull;

    /* Written out: this is the way of every call, and compilers leave a loop a loop. */
    regs->x[0] = answer;
    regs->x[1] = result->x[1] & mask;
    regs->x[2] = result->x[2] & mask;
    regs->x[3] = result->x[3] & mask;
    regs->x[4] = result->x[4] & mask;
    regs->x[5] = result->x[5] & mask;
    regs->x[6] = result->x[6] & mask;
    regs->x[7] = result->x[7] & mask;
    if (is_wide(call, answer)) {
        parley_copy(&regs->x[FFA_REGS_SMC32], &result->x[FFA_REGS_SMC32],
                    sizeof(regs->x) - FFA_REGS_SMC32 * sizeof(regs->x[0]));
    }
}

enum parley_outcome parley_call_end(const struct call *call, int32_t status,
                                    struct parley_regs *result, struct parley_regs *regs)
{
    switch (status) {
    case SERVED_BLOCK:
        return PARLEY_BLOCK;
    case SERVED_PREEMPTED:
        return PARLEY_PREEMPTED;
    default:
        break;
    }
    if (status < 0) {
        count_refusal(call, status);
        make_error(call, status, result);
    }
    leave(call, result, regs);
    return status == SERVED_YIELD ? PARLEY_YIELD : PARLEY_RETURN;
}

enum parley_outcome parley_call(struct parley_vm *vm, unsigned int vcpu, struct parley_regs *regs)
{
    uint32_t fid = (uint32_t)regs->x[0];

    if (!ffa_fid_is_ffa(fid)) {
        return PARLEY_NOT_FFA;
    }
    PARLEY_DEBUG_ASSERT(vcpu < vm->vcpus);
    parley_counter_increment(&vm->counters.calls);

    struct call call = {
        .vm = vm,
        .vcpu = vcpu,
        .fid = fid,
        /* Pairs with the publication in version.c: vm->aarch64 is read after it. */
        .version = word_version(parley_load_acquire(&vm->word)),
        .regs = regs,
    };
    struct parley_regs result = {{0}};
    int32_t status = serve(&call, &result);
    return parley_call_end(&call, status, &result, regs);
}

void parley_call_complete(struct parley_vm *vm, unsigned int vcpu,
                          const struct parley_regs *message, struct parley_regs *regs)
{
    struct call call = {
        .vm = vm,
        .vcpu = vcpu,
        .fid = (uint32_t)regs->x[0],
        .version = word_version(parley_load_acquire(&vm->word)),
        .regs = regs,
    };

    if ((uint32_t)message->x[0] == FFA_ERROR) {
        count_refusal(&call, parley_spmc_status(message));
    }
    leave(&call, message, regs);
}
