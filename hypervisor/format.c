/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdint.h>

#include "format.h"

struct output {
    char *text;
    size_t bytes;
    size_t used;
};

/* One conversion: what stands between % and its letter. */
struct conversion {
    bool left;
    bool zeroes;
    bool wide; /* a 64-bit value */
    size_t width;
};

static void put(struct output *out, char character)
{
    if (out->used + 1 < out->bytes) {
        out->text[out->used++] = character;
    }
}

static void put_padding(struct output *out, const struct conversion *how, size_t length, char with)
{
    for (size_t i = length; i < how->width; i++) {
        put(out, with);
    }
}

static void put_text(struct output *out, const struct conversion *how, const char *text,
                     size_t length)
{
    if (!how->left) {
        put_padding(out, how, length, how->zeroes ? '0' : ' ');
    }
    for (size_t i = 0; i < length; i++) {
        put(out, text[i]);
    }
    if (how->left) {
        put_padding(out, how, length, ' ');
    }
}

static void put_number(struct output *out, const struct conversion *how, uint64_t value,
                       unsigned int base, bool negative)
{
    char digits[21];
    size_t first = sizeof(digits);

    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative) {
        digits[--first] = '-';
    }
    put_text(out, how, &digits[first], sizeof(digits) - first);
}

static size_t length_of(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0') {
        length++;
    }
    return length;
}

static struct conversion conversion_read(const char **form)
{
    struct conversion how = {0};

    for (; **form == '-' || **form == '0'; (*form)++) {
        how.left |= **form == '-';
        how.zeroes |= **form == '0';
    }
    for (; **form >= '0' && **form <= '9'; (*form)++) {
        how.width = how.width * 10 + (size_t)(**form - '0');
    }
    for (; **form == 'l'; (*form)++) {
        how.wide = true;
    }
    return how;
}

size_t format(char *text, size_t bytes, const char *form, va_list values)
{
    struct output out = {.text = text, .bytes = bytes};

    while (*form != '\0') {
        struct conversion how;
        const char *string;
        int64_t number;
        char character;

        if (*form != '%') {
            put(&out, *form++);
            continue;
        }
        form++;
        how = conversion_read(&form);
        switch (*form++) {
        case 's':
            string = va_arg(values, const char *);
            put_text(&out, &how, string, length_of(string));
            break;
        case 'c':
            character = (char)va_arg(values, int);
            put_text(&out, &how, &character, 1);
            break;
        case 'd':
            number = how.wide ? va_arg(values, int64_t) : va_arg(values, int);
            put_number(&out, &how, number < 0 ? -(uint64_t)number : (uint64_t)number, 10,
                       number < 0);
            break;
        case 'u':
            put_number(&out, &how, how.wide ? va_arg(values, uint64_t) : va_arg(values, unsigned),
                       10, false);
            break;
        case 'x':
            put_number(&out, &how, how.wide ? va_arg(values, uint64_t) : va_arg(values, unsigned),
                       16, false);
            break;
        case '%':
            put(&out, '%');
            break;
        default: /* no such conversion: the compiler's format check refuses it */
            goto end;
        }
    }
end:
    out.text[out.used] = '\0';
    return out.used;
}
