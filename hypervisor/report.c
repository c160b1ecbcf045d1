/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"
#include "cpu.h"
#include "firmware.h"
#include "format.h"
#include "timer.h"
#include "vm.h"
#include "vms.h"

/* A short text made on the way, such as a version. */
struct text {
    char chars[16];
};

__attribute__((format(printf, 1, 2))) static struct text text(const char *form, ...)
{
    struct text made;
    va_list values;

    va_start(values, form);
    format(made.chars, sizeof(made.chars), form, values);
    va_end(values);
    return made;
}

static struct text version_text(uint32_t version)
{
    if (version == 0) {
        return text("none");
    }
    return text("%u.%u", version >> 16, version & 0xffff);
}

static const char *conduit_text(const struct vm *vm)
{
    bool smc = vm->place->conduit == CONDUIT_SMC;

    if (vm->who->aarch64) {
        return smc ? "SMC, AArch64" : "HVC, AArch64";
    }
    return smc ? "SMC, AArch32" : "HVC, AArch32";
}

/* What Parley makes use of, and what there is not for VMs where the SPMC does not offer it. */
static const struct {
    uint32_t fid; /* or the number of a feature */
    const char *name;
    const char *without;
} spmc_offers[] = {
    {FFA_MSG_SEND_DIRECT_REQ_32, "direct requests", "VMs cannot ask Secure Partitions"},
    {FFA_MSG_SEND_DIRECT_REQ2, "those of 1.2", "VMs ask Secure Partitions as at 1.1"},
    {FFA_RUN, "FFA_RUN", "who is interrupted in a request tries it all the same"},
    {FFA_MSG_SEND2, "indirect messages", "none between VMs and Secure Partitions"},
    {FFA_FEATURE_SRI, "notifications", "none between VMs and Secure Partitions"},
    {FFA_MEM_SHARE_64, "sharing", "VMs cannot share memory with Secure Partitions"},
    {FFA_MEM_LEND_64, "lending", "VMs cannot lend memory to Secure Partitions"},
    {FFA_MEM_DONATE_64, "donating", "VMs cannot donate memory to Secure Partitions"},
};

/* A line that is put together. */
struct list {
    size_t used;
    char chars[160];
};

__attribute__((format(printf, 2, 3))) static void list_add(struct list *list, const char *form, ...)
{
    va_list values;

    va_start(values, form);
    list->used += format(list->chars + list->used, sizeof(list->chars) - list->used, form, values);
    va_end(values);
}

static bool spmc_says_yes(uint32_t fid)
{
    uint64_t x[18] = {FFA_FEATURES, fid};

    smc(x);
    return (uint32_t)x[0] == FFA_SUCCESS_32 || (uint32_t)x[0] == FFA_SUCCESS_64;
}

static void report_spmc(void)
{
    struct list has = {.used = 0};

    for (size_t i = 0; i < sizeof(spmc_offers) / sizeof(spmc_offers[0]); i++) {
        if (spmc_says_yes(spmc_offers[i].fid)) {
            list_add(&has, "%s%s", has.used == 0 ? "" : ", ", spmc_offers[i].name);
        } else {
            console_say("hyp", "EL3: the SPMC does not say that it has %s: %s", spmc_offers[i].name,
                        spmc_offers[i].without);
        }
    }
    console_say("hyp", "EL3: the SPMC has %s", has.used == 0 ? "nothing of use" : has.chars);
}

void report_machine(void)
{
    struct parley_status status;
    uint32_t psci = firmware_psci_version();

    parley_status(vms_parley(), &status);
    console_say("hyp", "EL3: PSCI %s, SMCCC %s, SPMC %s", version_text(psci).chars,
                version_text(firmware_smccc_version()).chars,
                version_text(status.spmc_version).chars);
    if (status.spmc_version != 0) {
        report_spmc();
    }
    console_say("hyp", "EL2: Parley, on %u CPUs; it knows %u Secure Partition entries", cpu_count(),
                status.partition_count);
}

void report_chapter(const char *title)
{
    console_print("%s", "");
    console_print("%s", title);
}

void report_interrupt(const struct vm *vm, unsigned int interrupt)
{
    console_say("hyp",
                "physical timer interrupt %u came while the Secure world worked for %s: "
                "EL2 takes it",
                interrupt, vm->who->name);
}

void report_vm_created(const struct vm *vm)
{
    if (!vm_is_told(vm)) {
        return;
    }
    console_say("hyp", "EL1: %s is VM 0x%x, %u vCPU%s, %s, %u KiB at IPA 0x%lx%s", vm->who->name,
                vm->who->id, vm->who->vcpus, vm->who->vcpus == 1 ? "" : "s", conduit_text(vm),
                vm->place->pages * (PAGE_BYTES / 1024), vm->place->ipa,
                vm->place->scattered ? ", scattered" : "");
}

static const char *end_text(const struct vm *vm)
{
    switch (vm->end) {
    case VM_END_NONE:
        return "still running";
    case VM_END_OFF:
        return "off";
    case VM_END_FAULT:
        return vm->place->fault_expected ? "fault, expected" : "fault";
    case VM_END_BROKEN:
        return "hypervisor gave up";
    case VM_END_QUARANTINED:
        return vm->place->quarantine_expected ? "quarantine, expected" : "quarantine";
    }
    return "?";
}

void report_vm_stopped(struct vm *vm)
{
    bool faulted = vm->end == VM_END_FAULT;

    if (vm_is_told(vm)) {
        console_say("hyp", "%s has stopped: %s", vm->who->name, end_text(vm));
    }
    if (faulted && !vm->place->fault_expected) {
        vm_expectation_broken(vm, "it faulted");
    } else if (!faulted && vm->place->fault_expected) {
        vm_expectation_broken(vm, "it did not fault");
    } else if (faulted) {
        parley_counter_increment(&vm->tally.held);
    }
}

void report_vm_quarantined(struct vm *vm)
{
    console_say("hyp", "%s stays in quarantine: the Secure world keeps memory of it",
                vm->who->name);
    if (vm->place->quarantine_expected) {
        parley_counter_increment(&vm->tally.held);
    } else {
        vm_expectation_broken(vm, "it is in quarantine");
    }
}

void report_vm_released(const struct vm *vm)
{
    console_say("hyp", "%s is out of quarantine: the Secure world has let go of its memory",
                vm->who->name);
}

static void print_vm(const struct vm *vm)
{
    console_print("%-12s 0x%02x  %-7s  %-12s  %5u  %6lu  %7lu  %7lu  %6lu  %s", vm->who->name,
                  vm->who->id, version_text(vm->tally.version).chars, conduit_text(vm),
                  vm->tally.lives, vm->tally.calls, vm->tally.refused,
                  parley_counter_read(&vm->tally.held), parley_counter_read(&vm->tally.broken),
                  end_text(vm));
}

static void print_creations(const struct vm *vm)
{
    if (vm->place->comes_and_goes) {
        console_say("hyp", "%s was made %u times, and %u times it could not be", vm->who->name,
                    vm->tally.made, vm->tally.not_made);
    }
}

static uint64_t count_broken(void)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < table.cast_count; i++) {
        const struct vm *vm = vm_at(i);

        sum += parley_counter_read(&vm->tally.broken);
    }
    return sum;
}

static _Noreturn void end(bool clean)
{
    uint64_t broken = count_broken() + (clean ? 0 : 1);

    for (size_t i = 0; i < table.cast_count; i++) {
        print_creations(vm_at(i));
    }
    console_print("%s", "");
    console_print("%-12s %-4s  %-7s  %-12s  %5s  %6s  %7s  %7s  %6s  %s", "VM", "ID", "version",
                  "conduit", "lives", "calls", "refused", "held", "broken", "end");
    for (size_t i = 0; i < table.cast_count; i++) {
        print_vm(vm_at(i));
    }
    console_print("%s", "");
    if (broken != 0) {
        console_print("%lu expectations broken, after %lu ms", broken, timer_now_ms());
        machine_exit(1);
    }
    console_print("all expectations held, after %lu ms", timer_now_ms());
    machine_exit(0);
}

/* The last VM may stop while the time runs out: one CPU reports, and the run ends under the rest.
 */
static void be_the_reporter(void)
{
    static bool taken;

    while (__atomic_exchange_n(&taken, true, __ATOMIC_ACQ_REL)) {
    }
}

void report_end(bool clean)
{
    be_the_reporter();
    if (!clean) {
        console_say("hyp", "BROKEN: Parley did not give everything back");
    }
    end(clean);
}

/* Where the vCPUs of a VM that hangs were seen last; none, if it was not made in time. */
static void print_vcpus(const struct vm *vm)
{
    static const char *const states[] = {
        [VCPU_OFF] = "off",
        [VCPU_STARTING] = "being started",
        [VCPU_READY] = "waiting for a CPU",
        [VCPU_RUNNING] = "running",
        [VCPU_WAITING] = "waiting for an interrupt",
    };

    for (unsigned int i = 0; vm->vcpus != NULL && i < vm->who->vcpus; i++) {
        const struct vcpu *vcpu = &vm->vcpus[i];

        console_say("hyp", "  vCPU %u %s, latest trap at PC 0x%lx", i,
                    vcpu->is_blocked ? "waiting in FF-A" : states[vcpu->state], vcpu->pc);
    }
}

void report_out_of_time(void)
{
    be_the_reporter();
    for (size_t i = 0; i < table.cast_count; i++) {
        struct vm *vm = vm_at(i);

        if (vm->end == VM_END_NONE) {
            vm_expectation_broken(vm, "it has not ended after %u seconds", table.seconds_max);
            print_vcpus(vm);
        }
    }
    end(true);
}
