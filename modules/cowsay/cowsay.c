/* cowsay: a cow says the message, in a balloon of at most 40 columns, to stdout and to /outputs/cow.txt. */

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS 40

static const char COW[] =
    "        \\   ^__^\n"
    "         \\  (oo)\\_______\n"
    "            (__)\\       )\\/\\\n"
    "                ||----w |\n"
    "                ||     ||\n";

/* Text that grows. */
struct text {
    char *bytes;
    size_t length, capacity;
};

static void append(struct text *text, const char *bytes, size_t length) {
    if (text->length + length > text->capacity) {
        text->capacity = 2 * (text->length + length);
        text->bytes = realloc(text->bytes, text->capacity);
        if (!text->bytes) exit(2);
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void append_repeated(struct text *text, char byte, int times) {
    while (times-- > 0) append(text, &byte, 1);
}

/* One character of UTF-8: how many bytes it has and how many columns it takes. */
struct character {
    int bytes, columns;
};

static int columns_of(uint32_t c) {
    if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) || (c >= 0xfe00 && c <= 0xfe0f)) return 0;
    if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
        (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
        (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd))
        return 2;
    return 1;
}

/* A byte that is not UTF-8 counts as one character, and is shown as '?'. */
static struct character decode(const char *at) {
    const unsigned char *s = (const unsigned char *)at;
    int bytes = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if (bytes == 0) return (struct character){0, 1};
    uint32_t c = bytes == 1 ? s[0] : s[0] & (0xff >> (bytes + 1));
    for (int i = 1; i < bytes; i++) {
        if ((s[i] & 0xc0) != 0x80) return (struct character){0, 1};
        c = c << 6 | (s[i] & 0x3f);
    }
    return (struct character){bytes, columns_of(c)};
}

/* The balloon's lines: bytes[start..end) of the cleaned message, and how wide each is. */
struct line {
    size_t start, end;
    int columns;
};

struct lines {
    struct line *items;
    size_t count;
};

static void add_line(struct lines *lines, size_t start, size_t end, int columns) {
    if ((lines->count & (lines->count + 1)) == 0) { /* full at every power of two, less one */
        lines->items = realloc(lines->items, 2 * (lines->count + 1) * sizeof *lines->items);
        if (!lines->items) exit(2);
    }
    lines->items[lines->count++] = (struct line){start, end, columns};
}

/* Keeps newlines, makes spaces of tabs and other control characters, question marks of what is no UTF-8. */
static struct text clean(const char *message) {
    struct text cleaned = {0};
    while (*message) {
        struct character c = decode(message);
        if (c.bytes == 0) append(&cleaned, "?", 1);
        else if ((unsigned char)*message < 0x20 && *message != '\n') append(&cleaned, " ", 1);
        else append(&cleaned, message, (size_t)c.bytes);
        message += c.bytes ? c.bytes : 1;
    }
    append(&cleaned, "", 1);
    return cleaned;
}

/* Breaks at newlines, at the last space that fits, or, inside a word that is too long, where the line is full. */
static struct lines wrap(const char *message) {
    struct lines lines = {0};
    size_t start = 0, at = 0, space = 0;
    int columns = 0, columns_at_space = 0, seen_space = 0;
    while (message[at]) {
        struct character c = decode(message + at);
        if (message[at] == '\n') {
            add_line(&lines, start, at, columns);
            start = ++at;
            columns = seen_space = 0;
        } else if (message[at] == ' ' && columns == 0 && lines.count) {
            start = ++at; /* no line but the first begins with a space */
        } else if (columns + c.columns > COLUMNS && seen_space) {
            add_line(&lines, start, space, columns_at_space);
            start = at = space + 1;
            columns = seen_space = 0;
        } else if (columns + c.columns > COLUMNS && message[at] != ' ') {
            add_line(&lines, start, at, columns);
            start = at;
            columns = 0;
        } else {
            if (message[at] == ' ') space = at, columns_at_space = columns, seen_space = 1;
            columns += c.columns;
            at += (size_t)c.bytes;
        }
    }
    if (at > start || !lines.count) add_line(&lines, start, at, columns);
    return lines;
}

static struct text draw(const char *message, struct lines lines) {
    struct text drawing = {0};
    int width = 0;
    for (size_t i = 0; i < lines.count; i++)
        if (lines.items[i].columns > width) width = lines.items[i].columns;

    append(&drawing, " ", 1);
    append_repeated(&drawing, '_', width + 2);
    for (size_t i = 0; i < lines.count; i++) {
        struct line line = lines.items[i];
        const char *sides = lines.count == 1 ? "<>" : i == 0 ? "/\\" : i == lines.count - 1 ? "\\/" : "||";
        append(&drawing, "\n", 1);
        append(&drawing, sides, 1);
        append(&drawing, " ", 1);
        append(&drawing, message + line.start, line.end - line.start);
        append_repeated(&drawing, ' ', width - line.columns + 1);
        append(&drawing, sides + 1, 1);
    }
    append(&drawing, "\n ", 2);
    append_repeated(&drawing, '-', width + 2);
    append(&drawing, "\n", 1);
    append(&drawing, COW, sizeof COW - 1);
    return drawing;
}

static int write_all(int fd, const struct text *text) {
    for (size_t done = 0; done < text->length;) {
        ssize_t written = write(fd, text->bytes + done, text->length - done);
        if (written <= 0) return -1;
        done += (size_t)written;
    }
    return 0;
}

int main(int argc, char **argv) {
    struct text message = clean(argc > 1 ? argv[1] : "Moo!");
    struct text drawing = draw(message.bytes, wrap(message.bytes));
    int file = open("/outputs/cow.txt", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0) return 1;
    return write_all(STDOUT_FILENO, &drawing) || write_all(file, &drawing) || close(file) ? 1 : 0;
}
