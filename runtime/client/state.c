/*
 * State: see state.h.
 */
#include "client/state.h"

#include <stdlib.h>

void nm_client_unreference(natsmicro_client *client)
{
    if (atomic_fetch_sub_explicit(&client->references, 1, memory_order_acq_rel) > 1)
        return;
    nm_link_destroy(client->link);
    nm_store_destroy(client->store);
    nm_call_cache_free(&client->cache);
    for (size_t i = 0; i < client->n_methods; i++)
        nm_method_free(&client->methods[i]);
    free(client->methods);
    nm_json_types_give_back(client->types);
    nm_call_settings_free(&client->settings);
    free(client);
}
