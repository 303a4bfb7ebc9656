/*
 * Input: see input.h. A document is found by its brackets alone; whether it is JSON is found out by
 * who reads it.
 */
#include "invoke/input.h"

#include "invoke/interrupt.h"
#include "text/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cmd_input_open(cmd_input *input, const char *data)
{
    *input = (cmd_input){.fd = -1, .name = "the data", .next_line = 1};
    if (data == NULL)
        return CMD_DONE;
    if (strcmp(data, "-") == 0 || strcmp(data, "@-") == 0) {
        input->fd = STDIN_FILENO;
        input->name = "standard input";
        return CMD_DONE;
    }
    if (data[0] != '@') {
        nm_buffer_append_string(&input->bytes, data);
        return CMD_DONE;
    }
    input->name = data + 1;
    input->fd = open(data + 1, O_RDONLY | O_CLOEXEC);
    return input->fd >= 0 ? CMD_DONE
                          : cmd_fail(CMD_WRONG_USAGE, "%s: %s", data + 1, strerror(errno));
}

void cmd_input_close(cmd_input *input)
{
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    nm_buffer_free(&input->bytes);
}

/* ---- reading ---- */

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Makes room at the front, and reads what there is. False: there is nothing more. */
static bool read_more(cmd_input *input)
{
    if (input->fd < 0 || input->at_end)
        return false;
    size_t left = input->bytes.length - input->begin;
    if (input->begin > 0 && left > 0)
        memmove(input->bytes.data, input->bytes.data + input->begin, left);
    input->bytes.length = left;
    input->begin = 0;
    uint8_t *room = nm_buffer_reserve(&input->bytes, 65536);
    if (room == NULL || left > CMD_LARGEST_DOCUMENT || !cmd_wait_readable(input->fd))
        return false;
    ssize_t got = read(input->fd, room, 65536);
    if (got > 0)
        input->bytes.length += (size_t)got;
    input->at_end = got == 0;
    return got > 0;
}

/* Where the last read failed, or was stopped; not at the input's end. */
static bool is_broken(const cmd_input *input)
{
    if (input->fd < 0 || input->at_end || cmd_was_interrupted())
        return input->fd >= 0 && !input->at_end;
    if (input->bytes.length > CMD_LARGEST_DOCUMENT)
        cmd_fail(0, "%s, line %zu: the document has more than %d bytes", input->name, input->line,
                 CMD_LARGEST_DOCUMENT);
    return true;
}

/* ---- documents ---- */

typedef struct cmd_scan {
    size_t at;
    size_t depth;
    bool in_text;
    bool escaped;
    bool begun; /* with a value that has no brackets */
} cmd_scan;

/* Takes a byte; true if the document ends before or with it. */
static bool take(cmd_scan *scan, uint8_t byte)
{
    if (scan->in_text) {
        scan->in_text = scan->escaped || byte != '"';
        scan->escaped = !scan->escaped && byte == '\\';
        scan->at++;
        return !scan->in_text && scan->depth == 0;
    }
    if (scan->depth == 0 && scan->begun && is_space(byte))
        return true;
    scan->at++;
    scan->begun = true;
    scan->in_text = byte == '"';
    if (byte == '{' || byte == '[')
        scan->depth++;
    if ((byte == '}' || byte == ']') && scan->depth > 0)
        return --scan->depth == 0;
    return false;
}

/* Skips the space before a document. False: none follows. */
static bool skip_space(cmd_input *input)
{
    do {
        for (; input->begin < input->bytes.length; input->begin++) {
            uint8_t byte = input->bytes.data[input->begin];
            if (!is_space(byte))
                return true;
            input->next_line += byte == '\n';
        }
    } while (read_more(input));
    return false;
}

cmd_next cmd_input_next(cmd_input *input, const uint8_t **document, size_t *length)
{
    bool there = skip_space(input);
    input->line = input->next_line;
    if (!there)
        return is_broken(input) ? CMD_BROKEN : CMD_END;
    cmd_scan scan = {0};
    bool ended = false;
    while (!ended) {
        if (input->begin + scan.at < input->bytes.length)
            ended = take(&scan, input->bytes.data[input->begin + scan.at]);
        else if (!read_more(input))
            break;
    }
    if (!ended && is_broken(input))
        return CMD_BROKEN;
    *document = input->bytes.data + input->begin;
    *length = scan.at;
    for (size_t i = 0; i < scan.at; i++)
        input->next_line += (*document)[i] == '\n';
    input->begin += scan.at;
    return CMD_DOCUMENT;
}
