/*
 * File: reads a whole file, at most so many bytes.
 */
#ifndef CMD_TEXT_FILE_H
#define CMD_TEXT_FILE_H

#include "base/buffer.h"

/*
 * Appends the content of a file; "-" is standard input. False: it cannot be read, is longer than
 * `limit`, or memory is short, and that was told.
 */
bool cmd_read_file(const char *path, size_t limit, nm_buffer *content);

/* Writes a file, in place of an old one. False: that failed, and was told. */
bool cmd_write_file(const char *path, const void *data, size_t length);

#endif
