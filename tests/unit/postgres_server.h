#ifndef NKS_TESTS_UNIT_POSTGRES_SERVER_H
#define NKS_TESTS_UNIT_POSTGRES_SERVER_H
/* A suite on a private PostgreSQL server (tests/postgres.sh), which is stopped after it. */
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char server_dir[] = "/tmp/nks_test_pg_XXXXXX";
static char server_address[256]; /* of an empty database */

static int server_call(const char *verb)
{
    char command[512];
    snprintf(command, sizeof command, "sh '%s/tests/postgres.sh' %s '%s'", NKS_SOURCE_DIR, verb, server_dir);
    FILE *out = popen(command, "r");
    if (out != NULL && fgets(server_address, sizeof server_address, out) != NULL)
        server_address[strcspn(server_address, "\n")] = '\0';
    int status = out == NULL ? -1 : pclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int server_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

/* What main returns: 77 where there is no server to start. */
static int server_suite(Suite *suite)
{
    if (mkdtemp(server_dir) == NULL)
        return 1;
    SRunner *runner = srunner_create(suite);
    int failed = server_call("start");
    if (failed == 0) {
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner) > 0;
        if (server_call("stop") != 0)
            failed = 1;
    }
    srunner_free(runner);
    nftw(server_dir, server_remove, 16, FTW_DEPTH | FTW_PHYS);
    return failed;
}

#endif
