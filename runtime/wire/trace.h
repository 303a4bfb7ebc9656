/*
 * Trace: the headers of W3C Trace Context, which tell of which trace a call is a part.
 */
#ifndef NM_WIRE_TRACE_H
#define NM_WIRE_TRACE_H

#include <stdbool.h>

#define NM_HEADER_TRACEPARENT "traceparent"
#define NM_HEADER_TRACESTATE  "tracestate"

/*
 * Whether it has the form of version 00, or of a later version that begins as that does: any other
 * is to be taken for none.
 */
bool nm_traceparent_is_valid(const char *value);

#endif
