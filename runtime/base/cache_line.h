/*
 * Cache line: members that different threads write for each message are kept this far apart
 * (alignas), because a processor hands over whole lines.
 */
#ifndef NM_BASE_CACHE_LINE_H
#define NM_BASE_CACHE_LINE_H

#include <stdalign.h>

#define NM_CACHE_LINE 64

#endif
