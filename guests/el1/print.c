/* SPDX-License-Identifier: BSD-3-Clause */
/* The console: lines of formatted text to the VM's PL011. */
#include <stdarg.h>

#include "el1.h"

#define UART_DATA  ((volatile uint32_t *)0x09000000)
#define UART_FLAGS ((volatile uint32_t *)0x09000018)
#define UART_FULL  (1u << 5)

#define LINE_BYTES 240u

struct line {
    char text[LINE_BYTES];
    size_t length;
};

/* One conversion, such as "%#llx". */
struct conversion {
    bool prefix;
    bool negative; /* of the number, not of the format */
    unsigned int width;
    char pad;
    unsigned int longs;
    char kind;
};

static void put(struct line *line, char c)
{
    if (line->length < LINE_BYTES) {
        line->text[line->length++] = c;
    }
}

static void put_string(struct line *line, const char *string)
{
    while (*string != '\0') {
        put(line, *string++);
    }
}

/* 16 bits at a time. */
uint32_t el1_divide(uint64_t *value, uint32_t divisor)
{
    uint64_t quotient = 0;
    uint32_t rest = 0;

    for (int shift = 48; shift >= 0; shift -= 16) {
        uint32_t part = (rest << 16) | (uint32_t)((*value >> shift) & 0xffff);

        quotient |= (uint64_t)(part / divisor) << shift;
        rest = part % divisor;
    }
    *value = quotient;
    return rest;
}

static void put_number(struct line *line, const struct conversion *conversion, uint64_t value)
{
    char digits[21];
    unsigned int count = 0;

    if (conversion->prefix && value != 0) {
        put_string(line, "0x");
    }
    do {
        digits[count++] = "0123456789abcdef"[el1_divide(&value, conversion->kind == 'x' ? 16 : 10)];
    } while (value != 0);
    if (conversion->negative) {
        digits[count++] = '-';
    }
    for (unsigned int i = count; i < conversion->width; i++) {
        put(line, conversion->pad);
    }
    while (count > 0) {
        put(line, digits[--count]);
    }
}

static const char *parse(const char *format, struct conversion *conversion)
{
    *conversion = (struct conversion){.pad = ' '};

    for (; *format == '#' || *format == '0'; format++) {
        if (*format == '#') {
            conversion->prefix = true;
        } else {
            conversion->pad = '0';
        }
    }
    for (; *format >= '0' && *format <= '9'; format++) {
        conversion->width = conversion->width * 10 + (unsigned int)(*format - '0');
    }
    for (; *format == 'l'; format++) {
        conversion->longs++;
    }
    conversion->kind = *format;
    return *format == '\0' ? format : format + 1;
}

/* -Wvarargs: a va_list is passed on by address, since it may be an array. */
struct arguments {
    va_list list;
};

static uint64_t take_unsigned(struct arguments *arguments, unsigned int longs)
{
    switch (longs) {
    case 0:
        return va_arg(arguments->list, unsigned int);
    case 1:
        return va_arg(arguments->list, unsigned long);
    default:
        return va_arg(arguments->list, unsigned long long);
    }
}

static void put_conversion(struct line *line, struct conversion *conversion,
                           struct arguments *arguments)
{
    int number;

    switch (conversion->kind) {
    case 's':
        put_string(line, va_arg(arguments->list, const char *));
        break;
    case 'c':
        put(line, (char)va_arg(arguments->list, int));
        break;
    case 'd':
        number = va_arg(arguments->list, int);
        conversion->negative = number < 0;
        put_number(line, conversion, number < 0 ? 0u - (unsigned int)number : (unsigned int)number);
        break;
    case 'u':
    case 'x':
        put_number(line, conversion, take_unsigned(arguments, conversion->longs));
        break;
    default:
        put(line, conversion->kind);
        break;
    }
}

/* vCPUs print whole lines. */
static void emit(const struct line *line)
{
    static bool taken;

    while (__atomic_exchange_n(&taken, true, __ATOMIC_ACQUIRE)) {
        guest_yield();
    }
    for (size_t i = 0; i <= line->length; i++) {
        while ((*UART_FLAGS & UART_FULL) != 0) {
        }
        *UART_DATA = i < line->length ? (unsigned char)line->text[i] : '\n';
    }
    __atomic_store_n(&taken, false, __ATOMIC_RELEASE);
}

void guest_print(const char *format, ...)
{
    struct arguments arguments;
    struct conversion conversion;
    struct line line;

    line.length = 0;
    va_start(arguments.list, format);
    while (*format != '\0') {
        if (*format != '%') {
            put(&line, *format++);
            continue;
        }
        format = parse(format + 1, &conversion);
        put_conversion(&line, &conversion, &arguments);
    }
    va_end(arguments.list);
    emit(&line);
}
