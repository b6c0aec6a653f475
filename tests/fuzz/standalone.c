/*
 * Drives one fuzz target without libFuzzer: every file of the corpus as it is, then a fixed number of changed ones. The
 * changes are the same on every machine.
 *
 *     fuzz_NAME [-runs=N] [-seed=N] FILE|FOLDER…
 *
 * A target that fails ends the program by a signal; the input then lies in ./fuzz-NAME-failure.
 */
#include "../unit/mutate.h"
#include "fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>

enum { INPUTS_MAX = 1000, INPUT_BYTES_MAX = 64 * 1024, CHANGES_MAX = 4 };

static struct input {
    char *bytes;
    size_t len;
} inputs[INPUTS_MAX];
static size_t input_count;
static const char *program;
static const uint8_t *current;
static size_t current_size;

static void keep_current(int number)
{
    char path[512];
    snprintf(path, sizeof path, "%s-failure", strrchr(program, '/') == NULL ? program : strrchr(program, '/') + 1);
    FILE *out = fopen(path, "w");
    if (out != NULL) {
        (void)fwrite(current, 1, current_size, out);
        (void)fclose(out);
        fprintf(stderr, "the input lies in %s\n", path);
    }
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void add_file(const char *path)
{
    static char memory[INPUT_BYTES_MAX];
    FILE *in = fopen(path, "r");
    if (in == NULL || input_count == INPUTS_MAX) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    size_t len = fread(memory, 1, sizeof memory, in);
    (void)fclose(in);
    char *bytes = malloc(len + 1);
    MUST(bytes != NULL);
    memcpy(bytes, memory, len);
    inputs[input_count++] = (struct input){bytes, len};
}

/* In the order of names: the same on every machine. */
static void add(const char *path)
{
    struct stat info;
    struct dirent **names;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        add_file(path);
        return;
    }
    int count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char file[4096];
        int len = snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof file)
            add_file(file);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

/* A copy of its own size, so that a sanitizer sees the first byte behind it. */
static void run(const char *bytes, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    MUST(copy != NULL);
    if (len > 0)
        memcpy(copy, bytes, len);
    current = copy;
    current_size = len;
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void run_changed(unsigned long runs, uint64_t seed)
{
    struct rng rng = {seed | 1};
    struct mutant mutant = {NULL, 0};
    for (unsigned long i = 0; i < runs; i++) {
        const struct input *input = &inputs[rng_below(&rng, input_count)];
        mutant_set(&mutant, input->bytes, input->len);
        for (unsigned times = 1 + rng_below(&rng, CHANGES_MAX); times > 0; times--)
            mutate_once(&rng, &mutant);
        run(mutant.bytes, mutant.len);
    }
    free(mutant.bytes);
}

int main(int argc, char **argv)
{
    unsigned long runs = 0;
    uint64_t seed = 1;
    program = argv[0];
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-runs=", 6) == 0)
            runs = strtoul(argv[i] + 6, NULL, 10);
        else if (strncmp(argv[i], "-seed=", 6) == 0)
            seed = strtoull(argv[i] + 6, NULL, 10);
        else
            add(argv[i]);
    }
    if (input_count == 0) {
        fprintf(stderr, "%s: no inputs\n", program);
        return 2;
    }
    (void)signal(SIGABRT, keep_current);
#ifndef __SANITIZE_ADDRESS__ /* it tells more, and aborts after that */
    (void)signal(SIGSEGV, keep_current);
#endif
    for (size_t i = 0; i < input_count; i++)
        run(inputs[i].bytes, inputs[i].len);
    run_changed(runs, seed);
    printf("ok: %zu inputs, %lu changed ones\n", input_count, runs);
    for (size_t i = 0; i < input_count; i++)
        free(inputs[i].bytes);
    return 0;
}
