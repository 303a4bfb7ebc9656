/*
 * See chain.h.
 */
#include "call/chain.h"

#include "base/options.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

static natsmicro_status copy_one(natsmicro_interceptor *own, const natsmicro_interceptor *given,
                                 nm_error *error)
{
    natsmicro_interceptor copy = NATSMICRO_INTERCEPTOR_INIT;
    natsmicro_status status = nm_options_take(&copy, given, error);
    if (status != NATSMICRO_OK)
        return nm_error_set(error, status, "an interceptor: %s", nm_error_text(error));
    if (copy.method != NULL) {
        copy.method = strdup(copy.method);
        if (copy.method == NULL)
            return NATSMICRO_RESOURCE_EXHAUSTED;
    }
    *own = copy;
    return NATSMICRO_OK;
}

natsmicro_status nm_interceptors_copy(nm_interceptors *own,
                                      const natsmicro_interceptor *const *given, nm_error *error)
{
    size_t count = 0;
    while (given != NULL && given[count] != NULL)
        count++;
    if (count == 0)
        return NATSMICRO_OK;
    own->items = calloc(count, sizeof(natsmicro_interceptor));
    if (own->items == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    natsmicro_status status = NATSMICRO_OK;
    for (size_t i = 0; i < count && status == NATSMICRO_OK; i++) {
        status = copy_one(&own->items[i], given[i], error);
        own->count += status == NATSMICRO_OK;
    }
    return status;
}

void nm_interceptors_free(nm_interceptors *own)
{
    for (size_t i = 0; i < own->count; i++)
        free((char *)(uintptr_t)own->items[i].method);
    free(own->items);
    *own = (nm_interceptors){NULL, 0};
}

/* Whether it is for a method of a service, named with or without the service's name. */
static bool is_for(const natsmicro_interceptor *interceptor, const natsmicro_stub_service *service,
                   const char *name)
{
    const char *wanted = interceptor->method;
    size_t length = strlen(service->full_name);
    if (wanted == NULL || strcmp(wanted, name) == 0)
        return true;
    return strncmp(wanted, service->full_name, length) == 0 && wanted[length] == '.' &&
           strcmp(wanted + length + 1, name) == 0;
}

static natsmicro_status check_one(const natsmicro_interceptor *interceptor,
                                  const natsmicro_stub_service *service, nm_error *error)
{
    bool found = interceptor->method == NULL;
    for (size_t i = 0; i < service->n_methods && !found; i++)
        found = is_for(interceptor, service, service->methods[i].name);
    if (found)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                        "an interceptor is for the method \"%.200s\", which %s does not have",
                        interceptor->method, service->full_name);
}

natsmicro_status nm_interceptors_check(const nm_interceptors *list,
                                       const natsmicro_stub_service *service, nm_error *error)
{
    natsmicro_status status = NATSMICRO_OK;
    for (size_t i = 0; i < list->count && status == NATSMICRO_OK; i++)
        status = check_one(&list->items[i], service, error);
    return status;
}

/* ---- chains ---- */

static void note_what_it_does(nm_chain *chain, const natsmicro_interceptor *interceptor)
{
    chain->calls |= interceptor->call != NULL;
    chain->opens |= interceptor->open != NULL;
    chain->handles |= interceptor->handle != NULL;
    chain->sends |= interceptor->send != NULL;
    chain->receives |= interceptor->recv != NULL;
}

bool nm_chain_add(nm_chain *chain, const nm_interceptors *list,
                  const natsmicro_stub_service *service, const char *name)
{
    if (list->count == 0)
        return true;
    natsmicro_interceptor *items =
        realloc(chain->items, (chain->count + list->count) * sizeof(natsmicro_interceptor));
    if (items == NULL)
        return false;
    chain->items = items;
    for (size_t i = 0; i < list->count; i++) {
        if (!is_for(&list->items[i], service, name))
            continue;
        chain->items[chain->count++] = list->items[i];
        note_what_it_does(chain, &list->items[i]);
    }
    return true;
}

void nm_chain_free(nm_chain *chain)
{
    free(chain->items);
    *chain = (nm_chain){.items = NULL};
}

void nm_chain_after(const nm_chain *chain, natsmicro_call *call, natsmicro_status status,
                    int64_t duration)
{
    for (size_t i = chain->count; i > 0; i--) {
        const natsmicro_interceptor *interceptor = &chain->items[i - 1];
        if (interceptor->after != NULL)
            interceptor->after(call, status, duration, interceptor->user_data);
    }
}
