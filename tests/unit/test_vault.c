/* The vault: keys, records, streams, blind ids, signatures. Each with its good case, its edges, and what an attacker
 * does. */
#include "base/file.h"
#include "vault/blind.h"
#include "vault/cipher.h"
#include "vault/keys.h"
#include "vault/sign.h"
#include "vault/stream.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, FILE_HEAD = 6 + 1 + NKS_WRAPPED_KEY, CHUNK_HEAD = 5, TAG = 16, DATA_MAX = 4 * CHUNK };

#define ALL(table) (sizeof(table) / sizeof((table)[0]))

static const char *const key_names[] = {"master.key", "index.key", "sign.key", "sign.pub", "file.key", "file.crt"};

static char work[64], home[96], other_home[96];
static struct nks_fault fault;
static struct nks_keys *keys, *other;

static void good(enum nks_status status)
{
    ck_assert_msg(status == NKS_OK, "%s: %s", fault.code, fault.line);
}

/* The status and the code of a failure; the fault is then clear for the next one. */
static void bad(enum nks_status status, enum nks_status wanted, const char *code)
{
    ck_assert_msg(status == wanted, "%s instead of %s", nks_status_name(status), nks_status_name(wanted));
    ck_assert_str_eq(fault.code, code);
    ck_assert_int_eq(fault.status, wanted);
    nks_fault_clear(&fault);
}

static void path_of(char out[NKS_PATH_MAX], const char *dir, const char *name)
{
    ck_assert(nks_path_join(out, dir, name));
}

/* Replaces a file, whatever its mode was. */
static void put_file(const char *dir, const char *name, const void *data, size_t len, mode_t mode)
{
    char path[NKS_PATH_MAX];
    int fd = -1;
    path_of(path, dir, name);
    good(nks_sys_unlink(path, &fault));
    good(nks_sys_create(path, &fd, &fault));
    good(nks_sys_write(fd, data, len, &fault));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    good(nks_sys_close(fd, &fault));
}

static void remove_dir(const char *dir)
{
    char command[160];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

static void setup(void)
{
    nks_fault_clear(&fault);
    snprintf(work, sizeof work, "/tmp/nks-vault-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(work));
    snprintf(home, sizeof home, "%s/keys", work);
    snprintf(other_home, sizeof other_home, "%s/other", work);
    good(nks_keys_make(home, time(NULL), &fault));
    good(nks_keys_make(other_home, time(NULL), &fault));
    good(nks_keys_load(home, &keys, &fault));
    good(nks_keys_load(other_home, &other, &fault));
}

static void teardown(void)
{
    nks_keys_free(keys);
    nks_keys_free(other);
    remove_dir(work);
}

/* ---- keys */

START_TEST(keys_are_private)
{
    struct stat info;
    ck_assert_int_eq(stat(home, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0700);
    for (size_t i = 0; i < ALL(key_names); i++) {
        char path[NKS_PATH_MAX];
        path_of(path, home, key_names[i]);
        ck_assert_int_eq(stat(path, &info), 0);
        ck_assert_uint_eq(info.st_mode & 07777, 0400);
    }
    ck_assert(nks_keys_has_secrets(keys));
}
END_TEST

START_TEST(keys_are_never_replaced)
{
    bad(nks_keys_make(home, 0, &fault), NKS_FAILED, "KEY-EXISTS");
    /* One file is enough: the others may only be lost for the moment. */
    for (size_t i = 1; i < ALL(key_names); i++) {
        char path[NKS_PATH_MAX];
        path_of(path, home, key_names[i]);
        good(nks_sys_unlink(path, &fault));
    }
    bad(nks_keys_make(home, 0, &fault), NKS_FAILED, "KEY-EXISTS");
}
END_TEST

START_TEST(keys_missing)
{
    struct nks_keys *loaded = NULL;
    char path[NKS_PATH_MAX];
    path_of(path, home, key_names[_i]);
    good(nks_sys_unlink(path, &fault));
    enum nks_status status = nks_keys_load(home, &loaded, &fault);
    ck_assert_ptr_nonnull(strstr(fault.line, key_names[_i]));
    ck_assert_ptr_nonnull(strstr(fault.line, "nks init"));
    ck_assert_ptr_nonnull(strstr(fault.line, "NKS_KEYS"));
    bad(status, NKS_FAILED, "KEY-MISSING");
    ck_assert_ptr_null(loaded);
}
END_TEST

START_TEST(keys_directory)
{
    struct nks_keys *loaded = NULL;
    char path[NKS_PATH_MAX];
    path_of(path, work, "nowhere");
    bad(nks_keys_load(path, &loaded, &fault), NKS_FAILED, "KEY-MISSING");
    path_of(path, home, "master.key");
    bad(nks_keys_load(path, &loaded, &fault), NKS_FAILED, "KEY-MISSING"); /* a file is no directory */
    ck_assert_int_eq(chmod(home, 0755), 0);                               /* the names are no secret */
    good(nks_keys_load(home, &loaded, &fault));
    nks_keys_free(loaded);
    ck_assert_int_eq(chmod(home, 0770), 0);
    bad(nks_keys_load(home, &loaded, &fault), NKS_FAILED, "KEY-MODE");
}
END_TEST

static const struct {
    const char *name;
    mode_t mode;
    bool fine;
} mode_cases[] = {
    {"master.key", 0400, true},  {"master.key", 0600, true},  {"master.key", 0440, false}, {"master.key", 0404, false},
    {"master.key", 0420, false}, {"master.key", 0401, false}, {"index.key", 0440, false},  {"sign.key", 0440, false},
    {"file.key", 0444, false},   {"sign.pub", 0444, true},    {"file.crt", 0644, true},    {"sign.pub", 0464, false},
    {"file.crt", 0646, false},
};

START_TEST(keys_modes)
{
    struct nks_keys *loaded = NULL;
    char path[NKS_PATH_MAX];
    path_of(path, home, mode_cases[_i].name);
    ck_assert_int_eq(chmod(path, mode_cases[_i].mode), 0);
    enum nks_status status = nks_keys_load(home, &loaded, &fault);
    if (mode_cases[_i].fine) {
        good(status);
        nks_keys_free(loaded);
        return;
    }
    char command[NKS_PATH_MAX + 16];
    snprintf(command, sizeof command, "chmod 0400 %s", path);
    ck_assert_ptr_nonnull(strstr(fault.line, command));
    bad(status, NKS_FAILED, "KEY-MODE");
}
END_TEST

START_TEST(keys_form)
{
    static const char *const contents[] = {"", "short",
                                           "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"};
    for (size_t i = 0; i < ALL(contents); i++) {
        struct nks_keys *loaded = NULL;
        put_file(home, key_names[_i], contents[i], strlen(contents[i]), 0400);
        bad(nks_keys_load(home, &loaded, &fault), NKS_FAILED, "KEY-FORM");
    }
    static const char long_content[20000];
    struct nks_keys *loaded = NULL;
    put_file(home, key_names[_i], long_content, sizeof long_content, 0400);
    bad(nks_keys_load(home, &loaded, &fault), NKS_FAILED, "KEY-FORM");
}
END_TEST

/* A key of the right kind that belongs to another home. */
START_TEST(keys_pairs)
{
    static const char *const halves[] = {"sign.key", "sign.pub", "file.key", "file.crt"};
    char path[NKS_PATH_MAX], *data = NULL;
    size_t len = 0;
    struct nks_keys *loaded = NULL;
    path_of(path, other_home, halves[_i]);
    good(nks_file_read(path, 10000, &data, &len, &fault));
    put_file(home, halves[_i], data, len, 0400);
    free(data);
    bad(nks_keys_load(home, &loaded, &fault), NKS_FAILED, "KEY-FORM");
}
END_TEST

/* A certificate where a key belongs, a key of the other kind: well-formed PEM, and still wrong. */
START_TEST(keys_kinds)
{
    static const char *const pairs[][2] = {
        {"sign.key", "file.key"}, {"file.key", "sign.key"}, {"sign.pub", "file.crt"}, {"file.crt", "sign.pub"}};
    char path[NKS_PATH_MAX], *data = NULL;
    size_t len = 0;
    struct nks_keys *loaded = NULL;
    path_of(path, home, pairs[_i][1]);
    good(nks_file_read(path, 10000, &data, &len, &fault));
    put_file(home, pairs[_i][0], data, len, 0400);
    free(data);
    bad(nks_keys_load(home, &loaded, &fault), NKS_FAILED, "KEY-FORM");
}
END_TEST

START_TEST(keys_public)
{
    static const uint8_t digest[NKS_HASH_SIZE] = {1};
    struct nks_keys *public = NULL;
    struct nks_cipher *cipher = NULL;
    struct nks_blind blind;
    uint8_t signature[NKS_SIGNATURE_SIZE], der[NKS_CMS_MAX];
    size_t len = 0;
    good(nks_sign(keys, "legs", 4, signature, &fault));
    good(nks_cms_sign(keys, digest, time(NULL), der, &len, &fault));
    for (size_t i = 0; i < ALL(key_names); i++) {
        char path[NKS_PATH_MAX];
        path_of(path, home, key_names[i]);
        if (strcmp(key_names[i], "sign.pub") != 0 && strcmp(key_names[i], "file.crt") != 0)
            good(nks_sys_unlink(path, &fault));
    }
    good(nks_keys_load_public(home, &public, &fault));
    ck_assert(!nks_keys_has_secrets(public));
    good(nks_sign_verify(public, "legs", 4, signature, &fault));
    good(nks_cms_verify(public, digest, der, len, &fault));
    bad(nks_sign(public, "legs", 4, signature, &fault), NKS_FAILED, "KEY-PUBLIC");
    bad(nks_cms_sign(public, digest, 0, der, &len, &fault), NKS_FAILED, "KEY-PUBLIC");
    bad(nks_cipher_open(public, NKS_KEY_SPOOL, &cipher, &fault), NKS_FAILED, "KEY-PUBLIC");
    bad(nks_blind(public, "CPR", NKS_TEXT("x"), &blind, &fault), NKS_FAILED, "KEY-PUBLIC");
    nks_keys_free(public);
}
END_TEST

START_TEST(keys_purpose_out_of_range)
{
    struct nks_cipher *cipher = NULL;
    bad(nks_cipher_open(keys, NKS_KEY_COUNT, &cipher, &fault), NKS_FAILED, "KEY-PURPOSE");
    nks_keys_free(NULL);
    nks_cipher_free(NULL);
}
END_TEST

/* ---- records */

static const struct nks_place here = {"holder", "account", 7, -1, 2};

START_TEST(record_round_trips)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 60, 255, CHUNK - 1, CHUNK, CHUNK + 1, 8 * 1024 * 1024};
    size_t len = sizes[_i];
    uint8_t *plain = calloc(1, len + 1), *record = calloc(1, len + NKS_CIPHER_OVERHEAD), *back = calloc(1, len + 1);
    struct nks_cipher *cipher = NULL;
    for (size_t i = 0; i < len; i++)
        plain[i] = (uint8_t)(i * 7);
    good(nks_cipher_open(keys, NKS_KEY_REGISTER, &cipher, &fault));
    good(nks_cipher_encrypt(cipher, &here, plain, len, record, &fault));
    good(nks_cipher_decrypt(cipher, &here, record, len + NKS_CIPHER_OVERHEAD, back, &fault));
    ck_assert(len == 0 || memcmp(plain, back, len) == 0);
    nks_cipher_free(cipher);
    free(plain);
    free(record);
    free(back);
}
END_TEST

START_TEST(record_every_byte_counts)
{
    uint8_t record[5 + NKS_CIPHER_OVERHEAD], back[64];
    struct nks_cipher *cipher = NULL;
    good(nks_cipher_open(keys, NKS_KEY_REGISTER, &cipher, &fault));
    good(nks_cipher_encrypt(cipher, &here, "Hello", 5, record, &fault));
    for (size_t i = 0; i < sizeof record; i++) {
        record[i] ^= 1;
        memset(back, 'x', sizeof back);
        bad(nks_cipher_decrypt(cipher, &here, record, sizeof record, back, &fault), NKS_INTEGRITY, "CIPHER-TAG");
        ck_assert_int_ne(back[0], 'H'); /* nothing unauthentic gets out */
        record[i] ^= 1;
    }
    for (size_t len = 0; len < sizeof record; len++)
        bad(nks_cipher_decrypt(cipher, &here, record, len, back, &fault), NKS_INTEGRITY, "CIPHER-TAG");
    good(nks_cipher_decrypt(cipher, &here, record, sizeof record, back, &fault)); /* the context survives it all */
    nks_cipher_free(cipher);
}
END_TEST

START_TEST(record_of_another_place)
{
    static const struct nks_place places[] = {
        {"holders", "account", 7, -1, 2}, {"holder", "name", 7, -1, 2},    {"holder", "account", 8, -1, 2},
        {"holder", "account", 7, 1, 2},   {"holder", "account", 7, -1, 3}, {"holdera", "ccount", 7, -1, 2},
        {"", "holderaccount", 7, -1, 2},  {"account", "holder", 7, -1, 2}, {"holder", "account", -1, 7, 2},
    };
    uint8_t record[5 + NKS_CIPHER_OVERHEAD], back[5];
    struct nks_cipher *cipher = NULL;
    good(nks_cipher_open(keys, NKS_KEY_REGISTER, &cipher, &fault));
    good(nks_cipher_encrypt(cipher, &here, "Hello", 5, record, &fault));
    for (size_t i = 0; i < ALL(places); i++)
        bad(nks_cipher_decrypt(cipher, &places[i], record, sizeof record, back, &fault), NKS_INTEGRITY, "CIPHER-TAG");
    nks_cipher_free(cipher);
}
END_TEST

START_TEST(record_of_another_key)
{
    uint8_t record[5 + NKS_CIPHER_OVERHEAD], back[5];
    struct nks_cipher *cipher = NULL, *wrong = NULL;
    good(nks_cipher_open(keys, NKS_KEY_REGISTER, &cipher, &fault));
    good(nks_cipher_encrypt(cipher, &here, "Hello", 5, record, &fault));
    for (int purpose = 0; purpose < NKS_KEY_COUNT; purpose++) {
        if (purpose == NKS_KEY_REGISTER)
            continue;
        good(nks_cipher_open(keys, (enum nks_key_purpose)purpose, &wrong, &fault));
        bad(nks_cipher_decrypt(wrong, &here, record, sizeof record, back, &fault), NKS_INTEGRITY, "CIPHER-TAG");
        nks_cipher_free(wrong);
    }
    good(nks_cipher_open(other, NKS_KEY_REGISTER, &wrong, &fault));
    bad(nks_cipher_decrypt(wrong, &here, record, sizeof record, back, &fault), NKS_INTEGRITY, "CIPHER-TAG");
    nks_cipher_free(wrong);
    nks_cipher_free(cipher);
}
END_TEST

START_TEST(record_nonces_do_not_repeat)
{
    enum { COUNT = 1000 }; /* more than one refill */
    static uint8_t records[COUNT][NKS_CIPHER_OVERHEAD];
    struct nks_cipher *cipher = NULL;
    good(nks_cipher_open(keys, NKS_KEY_DEBT, &cipher, &fault));
    for (size_t i = 0; i < COUNT; i++) {
        good(nks_cipher_encrypt(cipher, &here, "", 0, records[i], &fault));
        for (size_t k = 0; k < i; k++)
            ck_assert_int_ne(memcmp(records[i], records[k], 12), 0);
    }
    nks_cipher_free(cipher);
}
END_TEST

START_TEST(record_place_too_long)
{
    struct nks_place place = here;
    char name[300];
    uint8_t record[NKS_CIPHER_OVERHEAD];
    struct nks_cipher *cipher = NULL;
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    place.table = name;
    good(nks_cipher_open(keys, NKS_KEY_DEBT, &cipher, &fault));
    bad(nks_cipher_encrypt(cipher, &place, "", 0, record, &fault), NKS_FAILED, "CIPHER-PLACE");
    bad(nks_cipher_decrypt(cipher, &place, record, sizeof record, record, &fault), NKS_FAILED, "CIPHER-PLACE");
    nks_cipher_free(cipher);
}
END_TEST

START_TEST(batch_keys)
{
    uint8_t wrapped[NKS_WRAPPED_KEY], record[5 + NKS_CIPHER_OVERHEAD], back[5];
    struct nks_cipher *made = NULL, *opened = NULL;
    good(nks_cipher_batch_make(keys, 42, &made, wrapped, &fault));
    good(nks_cipher_encrypt(made, &here, "Hello", 5, record, &fault));
    good(nks_cipher_batch_open(keys, 42, wrapped, &opened, &fault));
    good(nks_cipher_decrypt(opened, &here, record, sizeof record, back, &fault));
    ck_assert_mem_eq(back, "Hello", 5);
    nks_cipher_free(opened);
    bad(nks_cipher_batch_open(keys, 43, wrapped, &opened, &fault), NKS_INTEGRITY, "CIPHER-TAG");
    ck_assert_ptr_null(opened);
    bad(nks_cipher_batch_open(other, 42, wrapped, &opened, &fault), NKS_INTEGRITY, "CIPHER-TAG");
    wrapped[20] ^= 1;
    bad(nks_cipher_batch_open(keys, 42, wrapped, &opened, &fault), NKS_INTEGRITY, "CIPHER-TAG");
    nks_cipher_free(made);
}
END_TEST

/*
 * What is stored must stay readable: a record and a blind key computed elsewhere (HKDF, AES-GCM and HMAC of Python)
 * from the master key 00 01 … 1f and the index key 20 21 … 3f.
 */
START_TEST(formats_are_pinned)
{
    struct nks_text hex = NKS_TEXT("000102030405060708090a0bf2e2b5d91537f1784c54c0e9260f7f84e75fb4fdd7");
    uint8_t bytes[64], record[5 + NKS_CIPHER_OVERHEAD], back[5];
    struct nks_keys *fixed = NULL;
    struct nks_cipher *cipher = NULL;
    struct nks_blind blind;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    put_file(home, "master.key", bytes, 32, 0400);
    put_file(home, "index.key", bytes + 32, 32, 0400);
    good(nks_keys_load(home, &fixed, &fault));
    good(nks_cipher_open(fixed, NKS_KEY_REGISTER, &cipher, &fault));
    ck_assert(nks_unhex(hex, record, sizeof record));
    good(nks_cipher_decrypt(cipher, &here, record, sizeof record, back, &fault));
    ck_assert_mem_eq(back, "Hello", 5);
    good(nks_blind(fixed, "CPR", NKS_TEXT("0000000000"), &blind, &fault));
    ck_assert_uint_eq((uint64_t)blind.key, 0xcbea840e77e65644u);
    ck_assert_uint_eq((uint64_t)blind.check, 0xc07fbc3af08fa464u);
    nks_cipher_free(cipher);
    nks_keys_free(fixed);
}
END_TEST

/* ---- blind keys */

static bool blind_same(struct nks_blind a, struct nks_blind b)
{
    return a.key == b.key || a.check == b.check;
}

START_TEST(blind_keys)
{
    struct nks_blind a, b;
    good(nks_blind(keys, "CPR", NKS_TEXT("0000000000"), &a, &fault));
    good(nks_blind(keys, "CPR", NKS_TEXT("0000000001"), &b, &fault));
    ck_assert(!blind_same(a, b));
    good(nks_blind(keys, "CVR", NKS_TEXT("0000000000"), &b, &fault));
    ck_assert(!blind_same(a, b));
    good(nks_blind(keys, "CPR0", NKS_TEXT("000000000"), &b, &fault)); /* the same bytes but for where the kind ends */
    ck_assert(!blind_same(a, b));
    good(nks_blind(other, "CPR", NKS_TEXT("0000000000"), &b, &fault));
    ck_assert(!blind_same(a, b));
    good(nks_blind(keys, "CPR", (struct nks_text){NULL, 0}, &b, &fault));
    ck_assert(!blind_same(a, b));
    good(nks_blind(keys, "CPR", NKS_TEXT("0000000000"), &b, &fault));
    ck_assert(a.key == b.key && a.check == b.check);
}
END_TEST

/* ---- streams */

static uint8_t data[DATA_MAX];
static uint8_t stored[DATA_MAX + 4096];

static void fill_data(bool compressible)
{
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof data; i++) {
        state = state * 1664525 + 1013904223;
        data[i] = compressible ? (uint8_t)("<Amt>1300.00</Amt>"[i % 18]) : (uint8_t)(state >> 24);
    }
}

static int stream_file(int flags)
{
    char path[NKS_PATH_MAX];
    path_of(path, work, "stream");
    int fd = open(path, flags | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* Encrypts `len` bytes of `data` for owner 9 into `stored`, in pieces; gives the size of the file. */
static size_t stream_make(size_t len, size_t piece)
{
    struct nks_stream_writer *writer = NULL;
    size_t got = 0;
    int fd = stream_file(O_RDWR | O_CREAT | O_TRUNC);
    good(nks_stream_write_open(keys, NKS_KEY_SPOOL, 9, fd, &writer, &fault));
    for (size_t at = 0; at < len; at += piece)
        good(nks_stream_write(writer, data + at, len - at < piece ? len - at : piece, &fault));
    good(nks_stream_write_end(writer, &fault));
    bad(nks_stream_write(writer, data, 1, &fault), NKS_FAILED, "STREAM-CLOSED");
    bad(nks_stream_write_end(writer, &fault), NKS_FAILED, "STREAM-CLOSED");
    nks_stream_write_free(writer);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    good(nks_sys_read(fd, stored, sizeof stored, &got, &fault));
    good(nks_sys_close(fd, &fault));
    return got;
}

/* Reads `len` bytes of `file` as a stream. What comes out must be a prefix of `data`; *total is its length. */
static enum nks_status stream_check(const void *file, size_t len, struct nks_keys *with, enum nks_key_purpose purpose,
                                    int64_t owner, size_t *total)
{
    struct nks_stream_reader *reader = NULL;
    const void *piece = NULL;
    size_t got = 0;
    int fd = stream_file(O_RDWR | O_CREAT | O_TRUNC);
    *total = 0;
    good(nks_sys_write(fd, file, len, &fault));
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    enum nks_status status = nks_stream_read_open(with, purpose, owner, fd, &reader, &fault);
    while (status == NKS_OK) {
        status = nks_stream_read(reader, &piece, &got, &fault);
        if (status != NKS_OK || got == 0)
            break;
        ck_assert_uint_le(*total + got, sizeof data);
        ck_assert_int_eq(memcmp(piece, data + *total, got), 0);
        *total += got;
    }
    if (reader != NULL)
        ck_assert_int_eq(nks_stream_read(reader, &piece, &got, NULL), status); /* the end and a break both stay */
    nks_stream_read_free(reader);
    good(nks_sys_close(fd, NULL));
    return status;
}

static void stream_bad(const void *file, size_t len)
{
    size_t total;
    bad(stream_check(file, len, keys, NKS_KEY_SPOOL, 9, &total), NKS_INTEGRITY, "STREAM-BAD");
}

static const size_t stream_sizes[] = {0,         1,         255,           CHUNK - 1,     CHUNK,
                                      CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK - 1, DATA_MAX};

START_TEST(stream_round_trips)
{
    size_t len = stream_sizes[_i], total = 0;
    static const size_t pieces[] = {1000, CHUNK, DATA_MAX};
    for (int compressible = 0; compressible < 2; compressible++) {
        fill_data(compressible != 0);
        for (size_t i = 0; i < ALL(pieces); i++) {
            size_t size = stream_make(len, pieces[i]);
            good(stream_check(stored, size, keys, NKS_KEY_SPOOL, 9, &total));
            ck_assert_uint_eq(total, len);
            if (compressible != 0 && len > 1000)
                ck_assert_uint_lt(size, len / 100);
            else
                ck_assert_uint_le(size, len + FILE_HEAD + (len / CHUNK + 1) * (CHUNK_HEAD + TAG));
        }
    }
}
END_TEST

START_TEST(stream_every_byte_counts)
{
    fill_data(true);
    size_t size = stream_make(2 * CHUNK + 1000, CHUNK); /* three chunks in a few hundred bytes */
    ck_assert_uint_lt(size, 1000);
    static uint8_t copy[1100];
    memcpy(copy, stored, size);
    for (size_t i = 0; i < size; i++) {
        stream_bad(copy, i);
        for (int bit = 0; bit < 8; bit += 7) {
            copy[i] ^= (uint8_t)(1 << bit);
            stream_bad(copy, size);
            copy[i] ^= (uint8_t)(1 << bit);
        }
    }
    copy[size] = 0;
    stream_bad(copy, size + 1);
}
END_TEST

START_TEST(stream_of_another_place)
{
    size_t total;
    fill_data(true);
    size_t size = stream_make(1000, 1000);
    bad(stream_check(stored, size, keys, NKS_KEY_SPOOL, 8, &total), NKS_INTEGRITY, "STREAM-BAD");
    bad(stream_check(stored, size, keys, NKS_KEY_ARCHIVE, 9, &total), NKS_INTEGRITY, "STREAM-BAD");
    bad(stream_check(stored, size, other, NKS_KEY_SPOOL, 9, &total), NKS_INTEGRITY, "STREAM-BAD");
    stored[6] = NKS_KEY_ARCHIVE; /* and it says so itself */
    bad(stream_check(stored, size, keys, NKS_KEY_ARCHIVE, 9, &total), NKS_INTEGRITY, "STREAM-BAD");
}
END_TEST

/* The chunks of a file of four in another order; -1 ends it. */
static const int orders[][6] = {
    {1, 0, 2, 3, -1},    {0, 2, 1, 3, -1},    {0, 1, 3, -1},    {1, 2, 3, -1},
    {0, 1, 2, -1},       {0, 0, 1, 2, 3, -1}, {3, -1},          {0, 1, 2, 2, 3, -1},
    {0, 1, 2, 3, 3, -1}, {0, 1, 2, 3, 0, -1}, {3, 0, 1, 2, -1}, {-1},
};

START_TEST(stream_chunks_moved)
{
    static uint8_t moved[sizeof stored * 2];
    size_t starts[8], lens[8], count = 0, len = FILE_HEAD;
    fill_data(_i % 2 == 0);
    size_t size = stream_make(3 * CHUNK + 5, CHUNK);
    for (size_t at = FILE_HEAD; at < size; at += lens[count++]) {
        const uint8_t *head = stored + at;
        starts[count] = at;
        lens[count] =
            CHUNK_HEAD + TAG + ((size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4]);
    }
    ck_assert_uint_eq(count, 4);
    memcpy(moved, stored, FILE_HEAD);
    for (const int *chunk = orders[_i]; *chunk >= 0; chunk++) {
        memcpy(moved + len, stored + starts[*chunk], lens[*chunk]);
        len += lens[*chunk];
    }
    stream_bad(moved, len);
}
END_TEST

/* A chunk of another file of the same owner, at the same place. */
START_TEST(stream_chunk_of_another_file)
{
    static uint8_t mixed[4096];
    fill_data(true);
    size_t size = stream_make(1000, 1000);
    memcpy(mixed, stored, FILE_HEAD);
    ck_assert_uint_eq(stream_make(1000, 1000), size);
    memcpy(mixed + FILE_HEAD, stored + FILE_HEAD, size - FILE_HEAD);
    stream_bad(mixed, size);
}
END_TEST

START_TEST(stream_write_error_closes)
{
    struct nks_stream_writer *writer = NULL;
    int fd = stream_file(O_RDWR | O_CREAT | O_TRUNC), read_only = stream_file(O_RDONLY);
    good(nks_stream_write_open(keys, NKS_KEY_SPOOL, 9, fd, &writer, &fault));
    ck_assert_int_eq(dup2(read_only, fd), fd);
    ck_assert_int_ne(nks_stream_write(writer, data, sizeof data, &fault), NKS_OK);
    nks_fault_clear(&fault);
    bad(nks_stream_write_end(writer, &fault), NKS_FAILED, "STREAM-CLOSED");
    nks_stream_write_free(writer);
    close(fd);
    close(read_only);
}
END_TEST

/* ---- signatures */

START_TEST(sign_round_trip)
{
    uint8_t message[32] = {1, 2, 3}, signature[NKS_SIGNATURE_SIZE];
    good(nks_sign(keys, message, sizeof message, signature, &fault));
    good(nks_sign_verify(keys, message, sizeof message, signature, &fault));
    bad(nks_sign_verify(other, message, sizeof message, signature, &fault), NKS_INTEGRITY, "SIGN-BAD");
    bad(nks_sign_verify(keys, message, sizeof message - 1, signature, &fault), NKS_INTEGRITY, "SIGN-BAD");
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] ^= 0x80;
        bad(nks_sign_verify(keys, message, sizeof message, signature, &fault), NKS_INTEGRITY, "SIGN-BAD");
        message[i] ^= 0x80;
    }
    for (size_t i = 0; i < sizeof signature; i++) {
        signature[i] ^= 1;
        bad(nks_sign_verify(keys, message, sizeof message, signature, &fault), NKS_INTEGRITY, "SIGN-BAD");
        signature[i] ^= 1;
    }
    good(nks_sign(keys, "", 0, signature, &fault));
    good(nks_sign_verify(keys, "", 0, signature, &fault));
}
END_TEST

START_TEST(cms_round_trip)
{
    static const int64_t times[] = {0, 1795400000, 2524607999, 2524608000, 4102444800}; /* UTCTime ends with 2049 */
    uint8_t digest[NKS_HASH_SIZE], der[NKS_CMS_MAX + 1];
    size_t len = 0;
    nks_hash_once("content", 7, digest);
    for (size_t i = 0; i < ALL(times); i++) {
        good(nks_cms_sign(keys, digest, times[i], der, &len, &fault));
        good(nks_cms_verify(keys, digest, der, len, &fault));
    }
    bad(nks_cms_verify(other, digest, der, len, &fault), NKS_INTEGRITY, "CMS-BAD");
    digest[31] ^= 1;
    bad(nks_cms_verify(keys, digest, der, len, &fault), NKS_INTEGRITY, "CMS-BAD");
}
END_TEST

/*
 * The few bytes of a CMS that are covered by nothing and mean nothing: before the certificate the version and the list
 * of digest algorithms, after it the version and the spelling of the issuer. All others count.
 */
static bool cms_byte_is_idle(const uint8_t *der, size_t len, size_t at)
{
    static const uint8_t content_type[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03};
    enum { CERTS = 54, CERTS_HEAD = 4, ATTRIBUTES_HEAD = 4 };
    size_t certs_end = CERTS + CERTS_HEAD + ((size_t)der[CERTS + 2] << 8 | der[CERTS + 3]);
    const uint8_t *oid = memmem(der, len, content_type, sizeof content_type);
    ck_assert_ptr_nonnull(oid);
    ck_assert_uint_eq(der[CERTS], 0xA0);
    return at < CERTS || (at >= certs_end && at < (size_t)(oid - der) - ATTRIBUTES_HEAD);
}

START_TEST(cms_every_byte_counts)
{
    uint8_t digest[NKS_HASH_SIZE], der[NKS_CMS_MAX + 1], changed[NKS_CMS_MAX];
    size_t len = 0;
    nks_hash_once("content", 7, digest);
    good(nks_cms_sign(keys, digest, time(NULL), der, &len, &fault));
    memcpy(changed, der, len);
    for (size_t i = 0; i < len; i++) {
        bad(nks_cms_verify(keys, digest, der, i, &fault), NKS_INTEGRITY, "CMS-BAD");
        for (int bit = 0; bit < 8; bit += 5) { /* bit 5 is the case of a letter */
            changed[i] ^= (uint8_t)(1 << bit);
            enum nks_status status = nks_cms_verify(keys, digest, changed, len, &fault);
            ck_assert_msg(status == NKS_INTEGRITY || cms_byte_is_idle(der, len, i), "byte %zu of %zu, bit %d", i, len,
                          bit);
            nks_fault_clear(&fault);
            changed[i] = der[i];
        }
    }
    der[len] = 0;
    bad(nks_cms_verify(keys, digest, der, len + 1, &fault), NKS_INTEGRITY, "CMS-BAD");
    good(nks_cms_verify(keys, digest, der, len, &fault));
}
END_TEST

static int openssl_verify(const char *content)
{
    char command[512];
    put_file(work, "F", content, strlen(content), 0600);
    snprintf(
        command, sizeof command,
        "cd '%s' && openssl cms -verify -binary -inform DER -in F.p7s -content F -CAfile keys/file.crt -purpose any "
        "-out /dev/null >openssl.log 2>&1",
        work);
    return system(command);
}

START_TEST(cms_for_openssl)
{
    uint8_t digest[NKS_HASH_SIZE], der[NKS_CMS_MAX];
    size_t len = 0;
    if (system("command -v openssl >/dev/null 2>&1") != 0) {
        puts("cms_for_openssl: skipped, there is no openssl program");
        return;
    }
    nks_hash_once("<Document/>\r\n", 13, digest);
    good(nks_cms_sign(keys, digest, time(NULL), der, &len, &fault));
    put_file(work, "F.p7s", der, len, 0600);
    ck_assert_int_eq(openssl_verify("<Document/>\r\n"), 0);
    ck_assert_int_ne(openssl_verify("<Document/>\n"), 0);
    good(nks_cms_sign(other, digest, time(NULL), der, &len, &fault));
    put_file(work, "F.p7s", der, len, 0600);
    ck_assert_int_ne(openssl_verify("<Document/>\r\n"), 0);
}
END_TEST

/* ---- generations */

/* What the first generation wrote is read, and signed by it holds, after each key has two newer ones. */
START_TEST(old_generations_are_read)
{
    const struct nks_place place = {"table", "column", 7, 0, 1};
    const uint8_t digest[NKS_HASH_SIZE] = {1};
    uint8_t record[3 + NKS_CIPHER_OVERHEAD], plain[3], wrapped[NKS_WRAPPED_KEY], signature[NKS_SIGNATURE_SIZE];
    static uint8_t der[NKS_CMS_MAX];
    size_t len = 0;
    struct nks_cipher *cipher = NULL, *batch = NULL;
    time_t now = time(NULL);
    good(nks_cipher_open(keys, NKS_KEY_REGISTER, &cipher, &fault));
    good(nks_cipher_encrypt(cipher, &place, "abc", 3, record, &fault));
    good(nks_cipher_batch_make(keys, 9, &batch, wrapped, &fault));
    nks_cipher_free(batch);
    nks_cipher_free(cipher);
    good(nks_sign(keys, "m", 1, signature, &fault));
    good(nks_cms_sign(keys, digest, now, der, &len, &fault));
    for (int expected = 2; expected <= 3; expected++) {
        int generation = 0;
        good(nks_keys_rotate(home, NKS_FAMILY_MASTER, now, &generation, &fault));
        ck_assert_int_eq(generation, expected);
        good(nks_keys_rotate(home, NKS_FAMILY_SIGN, now, &generation, &fault));
        good(nks_keys_rotate(home, NKS_FAMILY_FILE, now, &generation, &fault));
    }
    struct nks_keys *newer = NULL, *public = NULL;
    good(nks_keys_load(home, &newer, &fault));
    good(nks_keys_load_public(home, &public, &fault));
    good(nks_cipher_open(newer, NKS_KEY_REGISTER, &cipher, &fault));
    for (int first = 0; first < 256; first++) { /* a first byte by chance that is a generation's: still read */
        good(nks_cipher_decrypt(cipher, &place, record, sizeof record, plain, &fault));
        ck_assert_mem_eq(plain, "abc", 3);
        if (record[0] == 3)
            break;
        struct nks_cipher *again = NULL;
        good(nks_cipher_open(keys, NKS_KEY_REGISTER, &again, &fault));
        for (int i = 0; i < 4096 && record[0] != 3; i++)
            good(nks_cipher_encrypt(again, &place, "abc", 3, record, &fault));
        nks_cipher_free(again);
    }
    record[sizeof record - 1] ^= 1;
    bad(nks_cipher_decrypt(cipher, &place, record, sizeof record, plain, &fault), NKS_INTEGRITY, "CIPHER-TAG");
    /* What is new names its generation, and the first one's keys alone do not open it. */
    good(nks_cipher_encrypt(cipher, &place, "abc", 3, record, &fault));
    ck_assert_uint_eq(record[0], 3);
    nks_cipher_free(cipher);
    good(nks_cipher_open(keys, NKS_KEY_REGISTER, &cipher, &fault));
    bad(nks_cipher_decrypt(cipher, &place, record, sizeof record, plain, &fault), NKS_INTEGRITY, "CIPHER-TAG");
    nks_cipher_free(cipher);
    bool changed = false;
    good(nks_cipher_batch_rewrap(newer, 9, wrapped, &changed, &fault));
    ck_assert(changed);
    good(nks_cipher_batch_rewrap(newer, 9, wrapped, &changed, &fault));
    ck_assert(!changed);
    bad(nks_cipher_batch_open(keys, 9, wrapped, &batch, &fault), NKS_INTEGRITY, "CIPHER-TAG");
    good(nks_cipher_batch_open(newer, 9, wrapped, &batch, &fault));
    nks_cipher_free(batch);
    good(nks_sign_verify(public, "m", 1, signature, &fault));
    good(nks_cms_verify(public, digest, der, len, &fault));
    good(nks_sign(newer, "m", 1, signature, &fault));
    good(nks_sign_verify(public, "m", 1, signature, &fault));
    bad(nks_sign_verify(keys, "m", 1, signature, &fault), NKS_INTEGRITY, "SIGN-BAD");
    nks_keys_free(newer);
    nks_keys_free(public);
}
END_TEST

/* A certificate that begins later does not sign before, at the second. */
START_TEST(certificate_signs_from_its_day)
{
    const uint8_t digest[NKS_HASH_SIZE] = {2};
    static uint8_t der[NKS_CMS_MAX];
    size_t len = 0;
    int generation = 0;
    int64_t from = time(NULL) + 14 * 86400;
    good(nks_keys_rotate(home, NKS_FAMILY_FILE, from, &generation, &fault));
    struct nks_keys *newer = NULL;
    good(nks_keys_load(home, &newer, &fault));
    good(nks_cms_sign(newer, digest, from - 1, der, &len, &fault));
    good(nks_cms_verify(keys, digest, der, len, &fault)); /* by the first one */
    good(nks_cms_sign(newer, digest, from, der, &len, &fault));
    bad(nks_cms_verify(keys, digest, der, len, &fault), NKS_INTEGRITY, "CMS-BAD");
    good(nks_cms_verify(newer, digest, der, len, &fault));
    bad(nks_keys_rotate(home, NKS_FAMILY_INDEX, from, &generation, &fault), NKS_REFUSED, "KEY-INDEX");
    nks_keys_free(newer);
}
END_TEST

static Suite *vault_suite(void)
{
    Suite *suite = suite_create("vault");
    TCase *tests = tcase_create("vault");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, keys_are_private);
    tcase_add_test(tests, keys_are_never_replaced);
    tcase_add_loop_test(tests, keys_missing, 0, (int)ALL(key_names));
    tcase_add_test(tests, keys_directory);
    tcase_add_loop_test(tests, keys_modes, 0, (int)ALL(mode_cases));
    tcase_add_loop_test(tests, keys_form, 0, (int)ALL(key_names));
    tcase_add_loop_test(tests, keys_pairs, 0, 4);
    tcase_add_loop_test(tests, keys_kinds, 0, 4);
    tcase_add_test(tests, keys_public);
    tcase_add_test(tests, keys_purpose_out_of_range);
    tcase_add_loop_test(tests, record_round_trips, 0, 11);
    tcase_add_test(tests, record_every_byte_counts);
    tcase_add_test(tests, record_of_another_place);
    tcase_add_test(tests, record_of_another_key);
    tcase_add_test(tests, record_nonces_do_not_repeat);
    tcase_add_test(tests, record_place_too_long);
    tcase_add_test(tests, batch_keys);
    tcase_add_test(tests, formats_are_pinned);
    tcase_add_test(tests, blind_keys);
    tcase_add_loop_test(tests, stream_round_trips, 0, (int)ALL(stream_sizes));
    tcase_add_test(tests, stream_every_byte_counts);
    tcase_add_test(tests, stream_of_another_place);
    tcase_add_loop_test(tests, stream_chunks_moved, 0, (int)ALL(orders));
    tcase_add_test(tests, stream_chunk_of_another_file);
    tcase_add_test(tests, stream_write_error_closes);
    tcase_add_test(tests, sign_round_trip);
    tcase_add_test(tests, cms_round_trip);
    tcase_add_test(tests, cms_every_byte_counts);
    tcase_add_test(tests, cms_for_openssl);
    tcase_add_test(tests, old_generations_are_read);
    tcase_add_test(tests, certificate_signs_from_its_day);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(vault_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
