/*
 * Subjects that the other side chooses: which of them we publish to. Pure checks, no I/O.
 */
#ifndef NM_WIRE_SUBJECT_H
#define NM_WIRE_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether it is a subject by nm_subject_fault's rule. */
bool nm_subject_is_literal(const char *subject);

/* From a header: literal and beginning with one of the prefixes (a list that ends with NULL). */
bool nm_subject_from_header_is_allowed(const char *subject, const char *const *prefixes);

/*
 * A NATS reply: literal and not under '$'. Whether it is one of the server's own endpoints is the
 * server's to ask.
 */
bool nm_subject_reply_is_allowed(const char *subject);

#endif
