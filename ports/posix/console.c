/* SPDX-License-Identifier: BSD-3-Clause */
/* What VMs write with FFA_CONSOLE_LOG, kept for tests; PARLEY_TRACE in the environment shows it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* What a VM may write, until a test says otherwise. */
#define PLENTY ((size_t)1 << 30)

static bool is_text(const char *text, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        bool is_plain = text[i] >= ' ' && text[i] <= '~';

        if (!is_plain && text[i] != '\n' && text[i] != '\t') {
            return false;
        }
    }
    return true;
}

/* Under the VM's lock. */
static void append(struct console *console, const char *text, size_t count)
{
    char *longer = realloc(console->text, console->bytes + count + 1);

    if (longer == NULL) {
        posix_die("no memory for a console");
    }
    memcpy(longer + console->bytes, text, count);
    console->text = longer;
    console->bytes += count;
    longer[console->bytes] = '\0';
}

unsigned int parley_port_console(void *context, const char *text, unsigned int count)
{
    struct posix_vm *vm = context;
    unsigned int taken;

    trap_check_hook(__func__, 0);
    if (count == 0 || !is_text(text, count)) {
        posix_violation("%s: what gets to its console is no text", vm->name);
        return count;
    }
    pthread_mutex_lock(&vm->lock);
    taken = count < vm->console.allowance ? count : (unsigned int)vm->console.allowance;
    vm->console.allowance -= taken;
    append(&vm->console, text, taken);
    pthread_mutex_unlock(&vm->lock);
    if (getenv("PARLEY_TRACE") != NULL) {
        fprintf(stderr, "%s: \"%.*s\"\n", vm->name, (int)taken, text);
    }
    return taken;
}

void posix_console_allow(struct posix_vm *vm, size_t characters)
{
    pthread_mutex_lock(&vm->lock);
    vm->console.allowance = characters;
    pthread_mutex_unlock(&vm->lock);
}

const char *posix_console(const struct posix_vm *vm)
{
    return vm->console.text != NULL ? vm->console.text : "";
}

void console_forget(struct posix_vm *vm)
{
    free(vm->console.text);
    vm->console = (struct console){.allowance = PLENTY};
}
