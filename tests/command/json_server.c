/*
 * The service of jsonlab.proto as a program, for the scripts beside it: json_server URL
 */
#include "integration/json_handlers.h"

#include <natsmicro/natsmicro.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static natsmicro_server *server; /* for the signal handler */

static void stop(int signal_number)
{
    (void)signal_number;
    natsmicro_server_stop(server);
}

int main(int argc, char **argv)
{
    natsConnection *connection = NULL;
    if (argc != 2 || natsConnection_ConnectTo(&connection, argv[1]) != NATS_OK)
        return EXIT_FAILURE;
    natsmicro_status status = natsmicro_server_new(&server, connection, NULL);
    if (status == NATSMICRO_OK)
        status = jsonlab__v1__json_lab_server__add(server, &json_handlers, NULL, NULL);
    if (status == NATSMICRO_OK) {
        signal(SIGTERM, stop);
        puts("ready");
        fflush(stdout);
        status = natsmicro_server_run(server);
    }
    natsmicro_server_destroy(server);
    natsConnection_Destroy(connection);
    nats_Close();
    return status == NATSMICRO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
