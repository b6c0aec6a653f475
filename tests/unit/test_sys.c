#include "base/file.h"
#include "base/sys.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static char home[256];
static struct nks_fault fault;

static void setup(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(home, sizeof home, "%s/nks-sys-XXXXXX", base == NULL ? "/tmp" : base);
    ck_assert_ptr_nonnull(mkdtemp(home));
    nks_fault_clear(&fault);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void teardown(void)
{
    nftw(home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *at(const char *name)
{
    static char paths[4][NKS_PATH_MAX];
    static size_t next;
    char *path = paths[next++ % COUNT(paths)];
    ck_assert(nks_path_join(path, home, name));
    return path;
}

static void put(const char *name, const char *content)
{
    ck_assert_int_eq(nks_file_replace(at(name), content, strlen(content), 0600, &fault), NKS_OK);
}

static void assert_content(const char *name, const char *content)
{
    char *data;
    size_t len;
    ck_assert_int_eq(nks_file_read(at(name), 1000, &data, &len, &fault), NKS_OK);
    ck_assert_uint_eq(len, strlen(content));
    ck_assert_str_eq(data, content);
    free(data);
}

/* The fault has this status and code, and says what to do after a semicolon. */
static void assert_fault(enum nks_status got, enum nks_status status, const char *code)
{
    ck_assert_msg(got == status && fault.status == status, "%s %s %s", nks_status_name(got), fault.code, fault.line);
    ck_assert_str_eq(fault.code, code);
    ck_assert_ptr_nonnull(strchr(fault.line, ';'));
    ck_assert_ptr_null(strstr(fault.line, home));
    nks_fault_clear(&fault);
}

/* Runs `body` in a process of its own and gives its wait status. */
static int in_child(void (*body)(void))
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        body();
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

#ifdef NKS_FAULTS
static void pass_points(void)
{
    setenv("NKS_KILL_AT", "test.here:3", 1);
    nks_sys_point("test.there");
    nks_sys_point("test.here");
    nks_sys_point("test.here");
    nks_sys_point("test.her");
    put("passed", "twice");
    nks_sys_point("test.here");
}

static void replace_and_die(void)
{
    setenv("NKS_KILL_AT", "file.written", 1);
    put("state", "new");
}

START_TEST(points_kill_at_the_wanted_pass)
{
    int status = in_child(pass_points);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_content("passed", "twice");
}
END_TEST

START_TEST(replace_is_old_or_new)
{
    int fd;
    ck_assert_int_eq(nks_sys_create(at("state"), &fd, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_write(fd, "old", 3, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_close(fd, &fault), NKS_OK);
    int status = in_child(replace_and_die);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_content("state", "old");
    ck_assert(nks_sys_exists(at("state.tmp")));
    put("state", "newer"); /* what was left behind is no hindrance */
    assert_content("state", "newer");
    ck_assert(!nks_sys_exists(at("state.tmp")));
}
END_TEST
#endif

START_TEST(create_never_overwrites)
{
    int fd;
    struct stat st;
    ck_assert_int_eq(nks_sys_create(at("a"), &fd, &fault), NKS_OK);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(nks_sys_fsync(fd, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_close(fd, &fault), NKS_OK);
    assert_fault(nks_sys_create(at("a"), &fd, &fault), NKS_FAILED, "FILE-EXISTS");
    assert_fault(nks_sys_create(at("none/a"), &fd, &fault), NKS_FAILED, "FILE-MISSING");
    assert_fault(nks_sys_create(at("a/b"), &fd, &fault), NKS_FAILED, "FILE-KIND");
}
END_TEST

START_TEST(only_regular_files_are_read)
{
    int fd;
    int64_t size;
    nks_time mtime;
    put("file", "12345");
    ck_assert_int_eq(symlink(at("file"), at("link")), 0);
    ck_assert_int_eq(mkfifo(at("pipe"), 0600), 0);
    ck_assert_int_eq(mkdir(at("folder"), 0700), 0);
    static const char *const wrong[] = {"link", "pipe", "folder"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_fault(nks_sys_open_read(at(wrong[i]), &fd, &fault), NKS_REFUSED, "FILE-KIND");
        assert_fault(nks_sys_stat(at(wrong[i]), &size, &mtime, &fault), NKS_REFUSED, "FILE-KIND");
    }
    assert_fault(nks_sys_open_read(at("none"), &fd, &fault), NKS_FAILED, "FILE-MISSING");
    assert_fault(nks_sys_stat(at("none"), &size, &mtime, &fault), NKS_FAILED, "FILE-MISSING");
    ck_assert_int_eq(nks_sys_stat(at("file"), &size, &mtime, &fault), NKS_OK);
    ck_assert_int_eq(size, 5);
    ck_assert(nks_sys_now() - mtime >= -1 && nks_sys_now() - mtime < 60);
    ck_assert_int_eq(nks_sys_open_read(at("file"), &fd, &fault), NKS_OK);
    char buf[8];
    size_t got;
    ck_assert_int_eq(nks_sys_read(fd, buf, sizeof buf, &got, &fault), NKS_OK);
    ck_assert_uint_eq(got, 5);
    ck_assert_int_eq(nks_sys_read(fd, buf, sizeof buf, &got, &fault), NKS_OK);
    ck_assert_uint_eq(got, 0);
    ck_assert_int_eq(nks_sys_close(fd, &fault), NKS_OK);
    assert_fault(nks_sys_write(-1, "x", 1, &fault), NKS_FAILED, "FILE-IO");
}
END_TEST

START_TEST(read_waits_for_all_of_a_pipe)
{
    int ends[2];
    char buf[16];
    size_t got;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 5; i++) {
            ssize_t ignored = write(ends[1], "ab", 2);
            (void)ignored;
            usleep(2000);
        }
        _exit(0);
    }
    close(ends[1]);
    ck_assert_int_eq(nks_sys_read(ends[0], buf, sizeof buf, &got, &fault), NKS_OK);
    ck_assert_uint_eq(got, 10);
    close(ends[0]);
    waitpid(child, NULL, 0);
}
END_TEST

static void write_too_much(void)
{
    int fd;
    char block[4096] = "";
    struct rlimit limit = {4096, 4096};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    if (nks_sys_create(at("big"), &fd, &fault) != NKS_OK || nks_sys_write(fd, block, sizeof block, &fault) != NKS_OK)
        _exit(1);
    if (nks_sys_write(fd, block, 1, &fault) != NKS_FAILED || strcmp(fault.code, "FILE-BIG") != 0)
        _exit(2);
}

START_TEST(errors_say_what_to_do)
{
    int status = in_child(write_too_much);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status %d", status);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full >= 0) {
        assert_fault(nks_sys_write(full, "x", 1, &fault), NKS_RETRY, "DISK-FULL");
        close(full);
    }
    if (geteuid() != 0) { /* root may do everything */
        ck_assert_int_eq(mkdir(at("closed"), 0500), 0);
        int fd;
        assert_fault(nks_sys_create(at("closed/a"), &fd, &fault), NKS_FAILED, "FILE-PERMISSION");
    }
}
END_TEST

START_TEST(faults_name_the_file_but_nobody)
{
    static const char *const cases[][2] = {
        {"nks.conf", "cannot open nks.conf:"},
        {"0101650001.xml", "cannot open ##########.xml:"},
        {"x010165-0001.xml", "cannot open x###########.xml:"},
        {"2026-11-23-0001.xml", "cannot open 2026-11-23-0001.xml:"},
        {"01016500012.xml", "cannot open 01016500012.xml:"},
        {"a\033[1mb", "cannot open a?[1mb:"},
    };
    int fd;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_int_eq(nks_sys_open_read(at(cases[i][0]), &fd, &fault), NKS_FAILED);
        ck_assert_msg(strncmp(fault.line, cases[i][1], strlen(cases[i][1])) == 0, "%s", fault.line);
        nks_fault_clear(&fault);
    }
}
END_TEST

static void rename_cases(void)
{
    put("a", "1");
    put("b", "2");
    assert_fault(nks_sys_rename(at("a"), at("b"), &fault), NKS_FAILED, "FILE-EXISTS");
    assert_fault(nks_sys_rename(at("a"), at("a"), &fault), NKS_FAILED, "FILE-EXISTS");
    assert_content("a", "1");
    assert_content("b", "2");
    ck_assert_int_eq(nks_sys_rename(at("a"), at("c"), &fault), NKS_OK);
    ck_assert(!nks_sys_exists(at("a")));
    assert_content("c", "1");
    assert_fault(nks_sys_rename(at("a"), at("d"), &fault), NKS_FAILED, "FILE-MISSING");
    ck_assert_int_eq(nks_sys_mkdir(at("folder"), 0700, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_rename(at("folder"), at("moved"), &fault), NKS_OK);
    assert_fault(nks_sys_rename(at("moved"), at("b"), &fault), NKS_FAILED, "FILE-EXISTS");
    ck_assert_int_eq(nks_sys_rename_over(at("c"), at("b"), &fault), NKS_OK);
    assert_content("b", "1");
}

START_TEST(moments_tell_of_a_change)
{
    struct nks_sys_moment before, after;
    int fd, ends[2];
    put("grows", "old");
    ck_assert_int_eq(nks_sys_open_read(at("grows"), &fd, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_moment(fd, &before, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_moment(fd, &after, &fault), NKS_OK);
    ck_assert(nks_sys_moment_same(&before, &after));
    int writer = open(at("grows"), O_WRONLY | O_APPEND);
    ck_assert_int_eq(write(writer, "er", 2), 2);
    close(writer);
    ck_assert_int_eq(nks_sys_moment(fd, &after, &fault), NKS_OK);
    ck_assert(!nks_sys_moment_same(&before, &after));
    close(fd);
    /* a pipe has none */
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(nks_sys_moment(ends[0], &before, &fault), NKS_OK);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_int_eq(nks_sys_moment(ends[0], &after, &fault), NKS_OK);
    ck_assert(nks_sys_moment_same(&before, &after));
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(rename_replaces_nothing)
{
    rename_cases();
}
END_TEST

/* A file system without RENAME_NOREPLACE. An assert that fails ends the child with another status. */
static void rename_without_noreplace(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(renameat2), 0) != 0 ||
        seccomp_load(filter) != 0)
        _exit(77);
    seccomp_release(filter);
    rename_cases();
    /* died between link and unlink: the second try finishes */
    put("half", "3");
    if (link(at("half"), at("whole")) != 0)
        _exit(2);
    ck_assert_int_eq(nks_sys_rename(at("half"), at("whole"), &fault), NKS_OK);
    ck_assert(!nks_sys_exists(at("half")));
    assert_content("whole", "3");
}

START_TEST(rename_replaces_nothing_on_old_file_systems)
{
    int status = in_child(rename_without_noreplace);
    ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77), "status %d", status);
}
END_TEST

START_TEST(unlink_is_content_with_nothing)
{
    put("a", "1");
    ck_assert_int_eq(nks_sys_unlink(at("a"), &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_unlink(at("a"), &fault), NKS_OK);
    ck_assert(!nks_sys_exists(at("a")));
    ck_assert_int_eq(mkdir(at("folder"), 0700), 0);
    ck_assert_int_eq(nks_sys_unlink(at("folder"), NULL), NKS_FAILED);
}
END_TEST

START_TEST(mkdir_makes_parents)
{
    struct stat st;
    ck_assert_int_eq(nks_sys_mkdir(at("a/b/c"), 0700, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_mkdir(at("a/b/c"), 0700, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_mkdir(at("a/b//d/"), 0700, &fault), NKS_OK);
    ck_assert_int_eq(stat(at("a/b/d"), &st), 0);
    ck_assert(S_ISDIR(st.st_mode));
    ck_assert_int_eq(nks_sys_fsync_dir(at("a/b"), &fault), NKS_OK);
    put("file", "");
    assert_fault(nks_sys_mkdir(at("file"), 0700, &fault), NKS_FAILED, "FILE-KIND");
    assert_fault(nks_sys_mkdir(at("file/a"), 0700, &fault), NKS_FAILED, "FILE-KIND");
    assert_fault(nks_sys_mkdir("", 0700, &fault), NKS_FAILED, "FILE-MISSING");
    assert_fault(nks_sys_fsync_dir(at("none"), &fault), NKS_FAILED, "FILE-MISSING");
}
END_TEST

START_TEST(lock_is_exclusive)
{
    int first, second;
    ck_assert_int_eq(nks_sys_lock(at("lock"), &first, &fault), NKS_OK);
    assert_fault(nks_sys_lock(at("lock"), &second, &fault), NKS_RETRY, "BUSY");
    ck_assert_int_eq(nks_sys_close(first, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_lock(at("lock"), &second, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_close(second, &fault), NKS_OK);
}
END_TEST

START_TEST(random_fills)
{
    unsigned char a[300] = {0}, b[300] = {0};
    ck_assert_int_eq(nks_sys_random(a, sizeof a, &fault), NKS_OK);
    ck_assert_int_eq(nks_sys_random(b, sizeof b, &fault), NKS_OK);
    ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
    ck_assert_int_eq(nks_sys_random(a, 0, &fault), NKS_OK);
}
END_TEST

START_TEST(list_is_sorted_and_limited)
{
    struct nks_sys_list list;
    static const char *const names[] = {"b.xml", "a.xml", "B.xml", ".hidden", "\xC3\xA6.xml", "a.xml.p7s"};
    static const char *const sorted[] = {"B.xml", "a.xml", "a.xml.p7s", "b.xml", "\xC3\xA6.xml"};
    for (size_t i = 0; i < COUNT(names); i++)
        put(names[i], "");
    ck_assert_int_eq(mkdir(at("folder"), 0700), 0);
    ck_assert_int_eq(symlink(at("a.xml"), at("link")), 0);
    for (size_t max = 0; max <= 6; max++) {
        ck_assert_int_eq(nks_sys_list(home, max, false, &list, &fault), NKS_OK);
        ck_assert_uint_eq(list.count, max < 5 ? max : 5);
        ck_assert_int_eq(list.truncated, max < 5);
        for (size_t i = 0; i < list.count; i++)
            ck_assert_str_eq(list.names[i], sorted[i]);
        nks_sys_list_free(&list);
    }
    ck_assert_int_eq(nks_sys_list(home, 10, true, &list, &fault), NKS_OK);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_str_eq(list.names[0], "folder");
    nks_sys_list_free(&list);
    ck_assert_int_eq(mkfifo(at("pipe"), 0600), 0);
    ck_assert_int_eq(nks_sys_list_odd(home, 10, &list, &fault), NKS_OK);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_str_eq(list.names[0], "link");
    ck_assert_str_eq(list.names[1], "pipe");
    nks_sys_list_free(&list);
    ck_assert_int_eq(nks_sys_list(at("folder"), 10, false, &list, &fault), NKS_OK);
    ck_assert_uint_eq(list.count, 0);
    nks_sys_list_free(&list);
    assert_fault(nks_sys_list(at("none"), 10, false, &list, &fault), NKS_FAILED, "FILE-MISSING");
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(list_of_a_big_folder_is_its_first_names)
{
    struct nks_sys_list list;
    for (int i = 0; i < 500; i++) {
        char name[16];
        snprintf(name, sizeof name, "%03d", (i * 37) % 500);
        int fd;
        ck_assert_int_eq(nks_sys_create(at(name), &fd, &fault), NKS_OK);
        ck_assert_int_eq(nks_sys_close(fd, &fault), NKS_OK);
    }
    ck_assert_int_eq(nks_sys_list(home, 7, false, &list, &fault), NKS_OK);
    ck_assert_uint_eq(list.count, 7);
    ck_assert(list.truncated);
    ck_assert_str_eq(list.names[0], "000");
    ck_assert_str_eq(list.names[6], "006");
    nks_sys_list_free(&list);
}
END_TEST

/* ---- file.h */

START_TEST(paths_are_joined)
{
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}, {"a", "", "a/"}};
    char out[NKS_PATH_MAX], longest[NKS_PATH_MAX];
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert(nks_path_join(out, cases[i][0], cases[i][1]));
        ck_assert_str_eq(out, cases[i][2]);
    }
    memset(longest, 'a', sizeof longest);
    longest[NKS_PATH_MAX - 3] = '\0';
    ck_assert(nks_path_join(out, longest, "b"));
    ck_assert(!nks_path_join(out, longest, "bc"));
}
END_TEST

START_TEST(file_is_read_up_to_its_ceiling)
{
    char *data, big[20000];
    size_t len;
    memset(big, 'x', sizeof big);
    ck_assert_int_eq(nks_file_replace(at("big"), big, sizeof big, 0640, &fault), NKS_OK);
    ck_assert_int_eq(nks_file_read(at("big"), sizeof big, &data, &len, &fault), NKS_OK);
    ck_assert_uint_eq(len, sizeof big);
    ck_assert_mem_eq(data, big, sizeof big);
    ck_assert_int_eq(data[len], 0);
    free(data);
    assert_fault(nks_file_read(at("big"), sizeof big - 1, &data, &len, &fault), NKS_REFUSED, "FILE-BIG");
    ck_assert_ptr_null(data);
    assert_fault(nks_file_read(at("none"), 10, &data, &len, &fault), NKS_FAILED, "FILE-MISSING");
    put("empty", "");
    ck_assert_int_eq(nks_file_read(at("empty"), 0, &data, &len, &fault), NKS_OK);
    ck_assert_uint_eq(len, 0);
    ck_assert_str_eq(data, "");
    free(data);
}
END_TEST

START_TEST(file_is_replaced)
{
    struct stat st;
    put("a", "1");
    ck_assert_int_eq(nks_file_replace(at("a"), "22", 2, 0640, &fault), NKS_OK);
    ck_assert_int_eq(stat(at("a"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0640);
    assert_content("a", "22");
    ck_assert_int_eq(mkdir(at("folder"), 0700), 0);
    assert_fault(nks_file_replace(at("folder"), "1", 1, 0600, &fault), NKS_FAILED, "FILE-KIND");
    ck_assert(!nks_sys_exists(at("folder.tmp")));
}
END_TEST

START_TEST(hash_is_sha256)
{
    static const struct {
        const char *text, *hash; /* FIPS 180-4 examples */
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    uint8_t out[NKS_HASH_SIZE];
    char hex[NKS_HASH_HEX];
    int64_t size;
    struct nks_hash *hash = nks_hash_new();
    ck_assert_ptr_nonnull(hash);
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = strlen(cases[i].text);
        nks_hash_reset(hash);
        for (size_t k = 0; k < len; k++)
            nks_hash_add(hash, cases[i].text + k, 1);
        nks_hash_end(hash, out);
        nks_hex(out, sizeof out, hex);
        ck_assert_str_eq(hex, cases[i].hash);
        nks_hash_once(len == 0 ? NULL : cases[i].text, len, out);
        nks_hex(out, sizeof out, hex);
        ck_assert_str_eq(hex, cases[i].hash);
        put("text", cases[i].text);
        ck_assert_int_eq(nks_hash_file(at("text"), out, &size, &fault), NKS_OK);
        nks_hex(out, sizeof out, hex);
        ck_assert_str_eq(hex, cases[i].hash);
        ck_assert_int_eq(size, (int64_t)len);
    }
    nks_hash_free(hash);
    nks_hash_free(NULL);
    assert_fault(nks_hash_file(at("none"), out, &size, &fault), NKS_FAILED, "FILE-MISSING");
}
END_TEST

/* No core dump, and no other process of the user may look into this one's memory. */
START_TEST(process_is_protected)
{
    struct rlimit core;
    nks_sys_protect_process();
#if !defined(__SANITIZE_ADDRESS__) && !defined(NKS_FAULTS) /* those builds leave it to their debugger */
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
#endif
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &core), 0);
    ck_assert_uint_eq(core.rlim_cur, 0);
    ck_assert_uint_eq(core.rlim_max, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sys");
    TCase *tests = tcase_create("sys");
    tcase_add_checked_fixture(tests, setup, teardown);
#ifdef NKS_FAULTS
    /* First: the variable is read at the first point that a process passes. */
    tcase_add_test(tests, points_kill_at_the_wanted_pass);
    tcase_add_test(tests, replace_is_old_or_new);
#endif
    tcase_add_test(tests, process_is_protected);
    tcase_add_test(tests, create_never_overwrites);
    tcase_add_test(tests, only_regular_files_are_read);
    tcase_add_test(tests, read_waits_for_all_of_a_pipe);
    tcase_add_test(tests, errors_say_what_to_do);
    tcase_add_test(tests, faults_name_the_file_but_nobody);
    tcase_add_test(tests, moments_tell_of_a_change);
    tcase_add_test(tests, rename_replaces_nothing);
    tcase_add_test(tests, rename_replaces_nothing_on_old_file_systems);
    tcase_add_test(tests, unlink_is_content_with_nothing);
    tcase_add_test(tests, mkdir_makes_parents);
    tcase_add_test(tests, lock_is_exclusive);
    tcase_add_test(tests, random_fills);
    tcase_add_test(tests, list_is_sorted_and_limited);
    tcase_add_test(tests, list_of_a_big_folder_is_its_first_names);
    tcase_add_test(tests, paths_are_joined);
    tcase_add_test(tests, file_is_read_up_to_its_ceiling);
    tcase_add_test(tests, file_is_replaced);
    tcase_add_test(tests, hash_is_sha256);
    suite_add_tcase(suite, tests);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
