/* nks.conf: values stay in their range and their field, and a refusal has its place and code. */
#include "base/conf.h"

#include "fuzz.h"

struct conf {
    char before[8], mode[16], after[8], name[32];
    int64_t size;
    bool on;
};
static const struct nks_conf_key keys[] = {
    {"home", "mode", NKS_CONF_TEXT, offsetof(struct conf, mode), sizeof((struct conf *)0)->mode, 0, 0, "test|live"},
    {"home", "name", NKS_CONF_TEXT, offsetof(struct conf, name), sizeof((struct conf *)0)->name, 0, 0, NULL},
    {"other", "size", NKS_CONF_NUMBER, offsetof(struct conf, size), 0, -5, 1000, NULL},
    {"other", "on", NKS_CONF_BOOL, offsetof(struct conf, on), 0, 0, 0, NULL},
};

/* A real file: links, such as those of /proc, are not read. */
static char path[] = "/dev/shm/nks-fuzz-conf-XXXXXX";

static void remove_file(void)
{
    (void)unlink(path);
}

static void put_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    if (fd < 0) {
        fd = mkstemp(path);
        if (fd < 0) { /* no such folder: a slower one */
            snprintf(path, sizeof path, "/tmp/nks-fuzz-conf-XXXXXX");
            fd = mkstemp(path);
        }
        (void)atexit(remove_file);
    }
    MUST(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf conf = {.before = "before", .mode = "live", .after = "after", .size = 7};
    struct nks_fault fault;
    nks_fault_clear(&fault);
    put_file(data, size);
    enum nks_status status = nks_conf_read(path, keys, sizeof keys / sizeof keys[0], &conf, &fault);
    MUST(status == NKS_OK || (status == NKS_FAILED && strncmp(fault.code, "CONF-", 5) == 0 && fault.line[0] != '\0'));
    MUST(strcmp(conf.before, "before") == 0 && strcmp(conf.after, "after") == 0);
    MUST(strcmp(conf.mode, "test") == 0 || strcmp(conf.mode, "live") == 0);
    MUST(memchr(conf.name, '\0', sizeof conf.name) != NULL && conf.size >= -5 && conf.size <= 1000);
    return 0;
}
