/*
 * A home of one test: a temporary directory with keys and a database that has one module's tables. Everything is
 * removed by room_close. The database is a file, or on PostgreSQL where NKS_TEST_DATABASE says an address
 * (test_postgres_rooms.sh). All people, companies and accounts in the tests are invented.
 */
#ifndef NKS_TESTS_ROOM_HOME_H
#define NKS_TESTS_ROOM_HOME_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "db/db_private.h"
#include "import/import.h"
#include "vault/keys.h"

enum { ROOM_STATEMENTS = 64 };

struct room {
    char dir[64];
    struct nks_db *db;
    struct nks_keys *keys;
    struct nks_fault fault;
    struct nks_sql statements[ROOM_STATEMENTS];
    size_t statement_count;
};

#define room_ok(room, call)                                                                                            \
    do {                                                                                                               \
        nks_fault_clear(&(room)->fault);                                                                               \
        enum nks_status room_status_ = (call);                                                                         \
        ck_assert_msg(room_status_ == NKS_OK, "%s: %s %s: %s", nks_status_name(room_status_), (room)->fault.code,      \
                      (room)->fault.where, (room)->fault.line);                                                        \
    } while (0)

#define room_fails(room, expected, call)                                                                               \
    do {                                                                                                               \
        nks_fault_clear(&(room)->fault);                                                                               \
        enum nks_status room_status_ = (call);                                                                         \
        ck_assert_msg(room_status_ == (expected), "%s instead of %s: %s", nks_status_name(room_status_),               \
                      nks_status_name(expected), (room)->fault.line);                                                  \
    } while (0)

/* Whether the database is on PostgreSQL. */
static inline bool room_is_far(void)
{
    return getenv("NKS_TEST_DATABASE") != NULL;
}

static inline void room_open(struct room *room, const struct nks_migration *migrations, size_t count)
{
    char path[128];
    memset(room, 0, sizeof *room);
    strcpy(room->dir, "/tmp/nks-room-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(room->dir));
    snprintf(path, sizeof path, "%s/keys", room->dir);
    room_ok(room, nks_keys_make(path, 1763800000, &room->fault));
    room_ok(room, nks_keys_load(path, &room->keys, &room->fault));
    snprintf(path, sizeof path, "%s/nks.db", room->dir);
    const char *address = getenv("NKS_TEST_DATABASE");
    struct nks_db_options options = {
        .path = address != NULL ? address : path, .cache_kib = 2048, .create = true, .busy_timeout_ms = 10000};
    room_ok(room, nks_db_open(&options, &room->db, &room->fault));
    if (address != NULL) { /* what the test before left */
        room_ok(room,
                nks_db_script(room->db, "room", "DROP SCHEMA public CASCADE; CREATE SCHEMA public", &room->fault));
        nks_db_close(room->db);
        room_ok(room, nks_db_open(&options, &room->db, &room->fault));
    }
    room_ok(room, nks_db_migrate(room->db, migrations, count, 1763800000, &room->fault));
}

static inline int room_remove(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void room_close(struct room *room)
{
    nks_db_close(room->db);
    nks_keys_free(room->keys);
    nftw(room->dir, room_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* A file of this text, at its beginning. The caller closes it. */
static inline int room_file(const char *header, const char *rows)
{
    int fd = memfd_create("csv", 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, header, strlen(header)), (ssize_t)strlen(header));
    ck_assert_int_eq(write(fd, rows, strlen(rows)), (ssize_t)strlen(rows));
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* SQL by hand: what somebody with access to the database could do. Returns the first column of the first row, or 0. */
static inline int64_t room_sql(struct room *room, const char *text)
{
    ck_assert_uint_lt(room->statement_count, ROOM_STATEMENTS);
    struct nks_sql *sql = &room->statements[room->statement_count++];
    *sql = (struct nks_sql){.name = "test", .text = text};
    struct nks_stmt *stmt = NULL;
    bool found = false;
    room_ok(room, nks_stmt_start(room->db, sql, &stmt, &room->fault));
    room_ok(room, nks_stmt_one(stmt, &found, &room->fault));
    int64_t value = found ? nks_column_int(stmt, 0) : 0;
    nks_stmt_end(stmt);
    return value;
}

/* Runs a suite of one case. */
static inline int room_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0 ? 1 : 0;
}

#endif
