/*
 * Log: see log.h.
 */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VARIABLE  "NATSMICRO_LOG"
#define TEXT_SIZE 700
#define LINE_SIZE 1024

static const char *const levels[] = {
    [NATSMICRO_LOG_ERROR] = "error",
    [NATSMICRO_LOG_INFO] = "info",
    [NATSMICRO_LOG_DEBUG] = "debug",
};

/* ---- a line ---- */

typedef struct line {
    char bytes[LINE_SIZE];
    size_t length;
} line;

/* Leaves a byte for the newline. */
static void add_byte(line *self, char byte)
{
    if (self->length < LINE_SIZE - 1)
        self->bytes[self->length++] = byte;
}

static void add(line *self, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at >= ' ' && *at <= '~') {
            add_byte(self, (char)*at);
            continue;
        }
        add_byte(self, '\\');
        add_byte(self, 'x');
        add_byte(self, digits[*at >> 4]);
        add_byte(self, digits[*at & 15]);
    }
    add_byte(self, ' ');
}

static void add_time(line *self)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    char seconds[32];
    strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
    char text[48];
    snprintf(text, sizeof(text), "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
    add(self, text);
}

static void add_name(line *self, const char *name)
{
    add(self, name != NULL && name[0] != '\0' ? name : "-");
}

/* A log that cannot be written, as on a full disk, has nobody to tell. */
static void write_out(line *self)
{
    self->bytes[self->length - 1] = '\n'; /* the last space */
    ssize_t written = write(STDERR_FILENO, self->bytes, self->length);
    (void)written;
}

void nm_vlog(natsmicro_log_level level, const char *subject, const char *id, const char *format,
             va_list arguments)
{
    char text[TEXT_SIZE];
    vsnprintf(text, sizeof(text), format, arguments);
    line out;
    out.length = 0;
    add_time(&out);
    add(&out, levels[level]);
    add_name(&out, subject);
    add_name(&out, id);
    add(&out, text);
    write_out(&out);
}

void nm_log(natsmicro_log_level level, const char *subject, const char *id, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    nm_vlog(level, subject, id, format, arguments);
    va_end(arguments);
}

/* ---- the level ---- */

static natsmicro_log_level refuse_value(const char *value)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&told))
        nm_log(NATSMICRO_LOG_ERROR, NULL, NULL,
               VARIABLE " is \"%.100s\", and must be error, info or debug", value);
    return NATSMICRO_LOG_OFF;
}

natsmicro_log_level nm_log_choose(natsmicro_log_level option)
{
    if (option != NATSMICRO_LOG_DEFAULT)
        return option < NATSMICRO_LOG_DEBUG ? option : NATSMICRO_LOG_DEBUG;
    const char *value = getenv(VARIABLE);
    if (value == NULL || value[0] == '\0')
        return NATSMICRO_LOG_OFF;
    for (int i = NATSMICRO_LOG_ERROR; i <= NATSMICRO_LOG_DEBUG; i++) {
        if (strcmp(value, levels[i]) == 0)
            return (natsmicro_log_level)i;
    }
    return refuse_value(value);
}

/* ---- a call's id ---- */

void nm_log_id(char id[NM_LOG_ID_SIZE], const char *inbox)
{
    id[0] = '\0';
    if (inbox == NULL)
        return;
    const char *dot = strrchr(inbox, '.');
    snprintf(id, NM_LOG_ID_SIZE, "%s", dot != NULL ? dot + 1 : inbox);
}
