/*
 * See common.h.
 */
#include "common.h"

#include <natsmicro/natsmicro.h>

#include <stdio.h>

natsConnection *connect_to(const char *url)
{
    natsOptions *options = NULL;
    natsConnection *connection = NULL;
    natsStatus status = natsOptions_Create(&options);
    if (status == NATS_OK)
        status = natsOptions_SetURL(options, url);
    if (status == NATS_OK && natsmicro_options_prepare(options) != NATSMICRO_OK)
        status = NATS_INVALID_ARG;
    if (status == NATS_OK)
        status = natsConnection_Connect(&connection, options);
    natsOptions_Destroy(options);
    if (status != NATS_OK)
        fprintf(stderr, "cannot connect to %s: %s\n", url, natsStatus_GetText(status));
    return connection;
}

shown_text show(const char *text)
{
    size_t used = 0;
    shown_text shown;
    for (; *text != '\0' && used + sizeof("\\x00") <= sizeof(shown.text); text++) {
        bool plain = *text >= ' ' && *text <= '~';
        used += (size_t)sprintf(shown.text + used, plain ? "%c" : "\\x%02x", (unsigned char)*text);
    }
    shown.text[used] = '\0';
    return shown;
}
