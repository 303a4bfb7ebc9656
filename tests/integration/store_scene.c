/*
 * See store_scene.h.
 */
#include "integration/store_scene.h"

#include <string.h>

int64_t store_patience(void)
{
    return nm_deadline_in(STORE_PATIENCE_MS);
}

static void drop_stray(nm_link *link, natsMsg *message, void *data)
{
    (void)link;
    (void)data;
    natsMsg_Destroy(message);
}

void store_scene_open_at(store_scene *self, const char *url, const nm_store_options *options)
{
    self->connection = connect_to_url(url);
    self->peer = connect_to_url(url);
    nm_events_init(&self->events, NULL, NULL, NATSMICRO_LOG_OFF);
    const nm_link_options link = {
        .connection = self->connection, .events = &self->events, .on_stray = drop_stray};
    assert_ok(nm_link_new(&self->link, &link, &self->error));
    (void)options;
}

void store_scene_open(store_scene *self, const char *config)
{
    *self = (store_scene){.error = NM_ERROR_INIT};
    self->where = broker_start(&(broker_options){.jetstream = true, .config = config});
    store_scene_open_at(self, broker_url(self->where), NULL);
}

void store_scene_close(store_scene *self)
{
    nm_link_destroy(self->link);
    natsConnection_Destroy(self->connection);
    natsConnection_Destroy(self->peer);
    nm_error_clear(&self->error);
    broker_stop(self->where);
}

void store_assert_says(const nm_error *error, const char *words)
{
    if (strstr(nm_error_text(error), words) == NULL)
        fail_msg("the text does not say '%s': %s", words, nm_error_text(error));
}
