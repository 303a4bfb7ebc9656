/*
 * Log: lines on stderr, for who asks for them by an option or in the environment. Who does not pays
 * one branch: whatever leads to a line looks at the level first.
 *
 * A line is the time, the level, the subject, the call's id and a text; a subject or an id that is
 * not known is "-". The id is the beginning of the caller's inbox token, so both sides of a call
 * have the same; the rest of the token stays secret.
 */
#ifndef NM_BASE_LOG_H
#define NM_BASE_LOG_H

#include "natsmicro/call.h"

#include <stdarg.h>

/* The level that counts: the option's, or where it is NATSMICRO_LOG_DEFAULT, the environment's. */
natsmicro_log_level nm_log_choose(natsmicro_log_level option);

#define NM_LOG_ID_SIZE 9

/* Fills the id of a call whose caller listens at this inbox; NULL: "". */
void nm_log_id(char id[NM_LOG_ID_SIZE], const char *inbox);

/*
 * Writes one line, with one write. `subject` and `id` may be NULL or "". What is no printable ASCII
 * is written as \xNN; the line is cut at 1023 bytes. Does not look whether the level is wanted.
 */
void nm_log(natsmicro_log_level level, const char *subject, const char *id, const char *format, ...)
    NATSMICRO_PRINTF(4, 5);
void nm_vlog(natsmicro_log_level level, const char *subject, const char *id, const char *format,
             va_list arguments) NATSMICRO_PRINTF(4, 0);

#endif
