/*
 * Options: how structs of options are taken from a program that may be older than the library.
 */
#ifndef NM_BASE_OPTIONS_H
#define NM_BASE_OPTIONS_H

#include "base/error.h"

/*
 * Copies a user's options over `own`, which holds the defaults and, as all options, begins with its
 * size. Those of a program that was compiled with an older header are shorter: the defaults stay
 * for what they do not know. NULL: all defaults stay. INVALID_ARGUMENT: no size, or a newer
 * header's.
 */
natsmicro_status nm_options_take(void *own, const void *given, nm_error *error);

#endif
