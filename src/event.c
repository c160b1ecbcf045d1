/* SPDX-License-Identifier: BSD-3-Clause */
/* What Parley tells the operator, as text. */
#include "internal.h"
#include "span.h"

/* --- Names ---------------------------------------------------------------- */

#define NAME_32(name, number) \
    case FFA_FN32(number):    \
        return "FFA_" #name;
#define NAME_64(name, number) \
    case FFA_FN64(number):    \
        return "FFA_" #name;
#define NAME_BOTH(name, number)    \
    case FFA_FN32(number):         \
        return "FFA_" #name "_32"; \
    case FFA_FN64(number):         \
        return "FFA_" #name "_64";

const char *parley_fid_name(uint32_t fid)
{
    switch (fid) {
#define NAME(name, number, widths, since, role, needs, handler) NAME_##widths(name, number)
        PARLEY_ABI_TABLE(NAME)
#undef NAME
    default:
        return NULL;
    }
}

static const char *status_name(int32_t status)
{
    switch (status) {
    case FFA_OK:
        return "success";
    case FFA_NOT_SUPPORTED:
        return "NOT_SUPPORTED";
    case FFA_INVALID_PARAMETERS:
        return "INVALID_PARAMETERS";
    case FFA_NO_MEMORY:
        return "NO_MEMORY";
    case FFA_BUSY:
        return "BUSY";
    case FFA_INTERRUPTED:
        return "INTERRUPTED";
    case FFA_DENIED:
        return "DENIED";
    case FFA_RETRY:
        return "RETRY";
    case FFA_ABORTED:
        return "ABORTED";
    case FFA_NO_DATA:
        return "NO_DATA";
    default:
        return "an unknown status";
    }
}

/* --- Building a line ------------------------------------------------------ */

/* The unwritten part of the line; its last byte stays for the terminator. NULL is no text. */
static void put(struct span *line, const char *text)
{
    while (text != NULL && *text != '\0' && line->bytes > 1) {
        *line->base++ = (uint8_t)*text++;
        line->bytes--;
    }
    *line->base = '\0';
}

static void put_number(struct span *line, uint64_t number, unsigned int radix)
{
    char digits[21];
    char *first = &digits[sizeof(digits) - 1];

    *first = '\0';
    do {
        *--first = "0123456789abcdef"[number % radix];
        number /= radix;
    } while (number != 0);
    put(line, first);
}

static void put_hex(struct span *line, uint64_t number)
{
    put(line, "0x");
    put_number(line, number, 16);
}

static void put_version(struct span *line, uint64_t version)
{
    put_number(line, FFA_VERSION_MAJOR(version), 10);
    put(line, ".");
    put_number(line, FFA_VERSION_MINOR(version), 10);
}

static void put_fid(struct span *line, uint32_t fid)
{
    const char *name = parley_fid_name(fid);

    if (name != NULL) {
        put(line, name);
    } else {
        put_hex(line, fid);
    }
}

static void put_vm(struct span *line, const struct parley_event *event)
{
    put(line, "VM ");
    put_number(line, event->vm_id, 10);
    put(line, ": ");
}

static void put_final(struct span *line, const struct parley_event *event)
{
    put_vm(line, event);
    put(line, "version ");
    put_version(line, event->value);
    put(line, " is final, by ");
    put_fid(line, event->fid);
    put(line, " on vCPU ");
    put_number(line, event->vcpu, 10);
}

static void put_refused(struct span *line, const struct parley_event *event)
{
    put_vm(line, event);
    put_fid(line, event->fid);
    put(line, " on vCPU ");
    put_number(line, event->vcpu, 10);
    put(line, " refused: ");
    put(line, status_name(event->status));
    if (event->value > 1) {
        put(line, " (");
        put_number(line, event->value, 10);
        put(line, " times so far)");
    }
}

static void put_config_refused(struct span *line, const struct parley_event *event)
{
    if (event->vm_id != 0) {
        put_vm(line, event);
    }
    put(line, "configuration refused: ");
    put(line, event->text);
}

static void put_ignored(struct span *line, const struct parley_event *event)
{
    put(line, "partition ");
    put_hex(line, event->value);
    put(line, " of the SPMC ignored: ");
    put(line, event->text);
}

static void put_absent(struct span *line, const struct parley_event *event)
{
    put(line, "no SPMC, VM to VM only: ");
    put(line, event->text);
    put(line, " (FFA_VERSION answered ");
    put_hex(line, event->value);
    put(line, ")");
}

static void put_memory_quarantined(struct span *line, const struct parley_event *event)
{
    put_vm(line, event);
    put(line, "memory of handle ");
    put_hex(line, event->value);
    put(line, " quarantined: ");
    put(line, status_name(event->status));
}

void parley_event_text(const struct parley_event *event, char *text, size_t bytes)
{
    struct span line = span_make(text, bytes);

    put(&line, "");
    switch (event->kind) {
    case PARLEY_EVENT_CONFIG_REFUSED:
        put_config_refused(&line, event);
        break;
    case PARLEY_EVENT_SPMC_FOUND:
        put(&line, "SPMC found, version ");
        put_version(&line, event->value);
        break;
    case PARLEY_EVENT_SPMC_ABSENT:
        put_absent(&line, event);
        break;
    case PARLEY_EVENT_PARTITION_IGNORED:
        put_ignored(&line, event);
        break;
    case PARLEY_EVENT_SPMC_REFUSED:
        put(&line, "the SPMC refused ");
        put_fid(&line, event->fid);
        put(&line, ": ");
        put(&line, status_name(event->status));
        break;
    case PARLEY_EVENT_VM_CREATED:
        put_vm(&line, event);
        put(&line, "created");
        break;
    case PARLEY_EVENT_VM_RESET:
        put_vm(&line, event);
        put(&line, "reset");
        break;
    case PARLEY_EVENT_VM_DESTROYED:
        put_vm(&line, event);
        put(&line, "destroyed");
        break;
    case PARLEY_EVENT_VM_QUARANTINED:
        put_vm(&line, event);
        put(&line, "quarantined, its ID is not used again");
        break;
    case PARLEY_EVENT_VM_REFUSED_BY_PARTITION:
        put_vm(&line, event);
        put(&line, "partition ");
        put_hex(&line, event->value);
        put(&line, " does not accept its beginning or end: ");
        put(&line, status_name(event->status));
        break;
    case PARLEY_EVENT_MEMORY_QUARANTINED:
        put_memory_quarantined(&line, event);
        break;
    case PARLEY_EVENT_VERSION_FINAL:
        put_final(&line, event);
        break;
    case PARLEY_EVENT_CALL_REFUSED:
        put_refused(&line, event);
        break;
    }
}
