/* SPDX-License-Identifier: BSD-3-Clause */
#include "client.h"
#include "say.h"

/* Counts it; returns whether it held. Where it did not, the caller goes on with the details. */
static bool count(const struct client *client, bool held)
{
    guest_expect(held);
    if (!held && client->about != NULL) {
        guest_print("BROKEN in row %u, %s:", client->row, client->about);
    }
    return held;
}

bool expect(const struct client *client, bool held, const char *what)
{
    if (!count(client, held)) {
        guest_print("BROKEN: %s", what);
    }
    return held;
}

bool expect_status(const struct client *client, int32_t status, int32_t expected, const char *what)
{
    if (!count(client, status == expected)) {
        guest_print("BROKEN: %s: %s, expected %s", what, say_status(status), say_status(expected));
    }
    return status == expected;
}

bool expect_equal(const struct client *client, uint64_t value, uint64_t expected, const char *what)
{
    if (!count(client, value == expected)) {
        guest_print("BROKEN: %s: %#llx, expected %#llx", what, (unsigned long long)value,
                    (unsigned long long)expected);
    }
    return value == expected;
}

bool expect_version(const struct client *client, uint32_t answer, uint32_t expected,
                    const char *what)
{
    if (!count(client, answer == expected)) {
        guest_print("BROKEN: %s: answered %s, expected %s", what, say_version(answer).text,
                    say_version(expected).text);
    }
    return answer == expected;
}
