/*
 * See options.h.
 */
#include "base/options.h"

#include <string.h>

natsmicro_status nm_options_take(void *own, const void *given, nm_error *error)
{
    if (given == NULL)
        return NATSMICRO_OK;
    const size_t own_size = *(const size_t *)own;
    const size_t given_size = *(const size_t *)given;
    if (given_size < sizeof(size_t) || given_size > own_size)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "the options have a size of %zu: initialize them with their INIT macro",
                            given_size);
    memcpy(own, given, given_size);
    return NATSMICRO_OK;
}
