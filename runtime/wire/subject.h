/*
 * Subject: which subjects that a peer chose may be published to. Pure functions.
 */
#ifndef NM_WIRE_SUBJECT_H
#define NM_WIRE_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether nm_subject_fault (base/rules.h) finds no fault. */
bool nm_subject_is_literal(const char *subject);

/*
 * Whether a subject from a header is literal and begins with one of the prefixes, a list that ends
 * with NULL.
 */
bool nm_subject_from_header_is_allowed(const char *subject, const char *const *prefixes);

/*
 * Whether a NATS reply is literal and not under '$'. A server must check in addition that the reply
 * is not one of its own endpoints.
 */
bool nm_subject_reply_is_allowed(const char *subject);

#endif
