/*
 * nks-reader: one file from standard input, frames to standard output (iso20022/reader.h), in a jail. It is started by
 * nks for every file and has no arguments, no environment and nothing else open.
 */
#include "base/sys.h"
#include "iso20022/reader.h"
#include "vault/jail.h"

#include <unistd.h>

/* The reader itself needs 8 MiB at any size of file; the rest is what the libraries map and never touch. Who starts the
 * reader sets a tighter limit of time, by the size of the file; this one stands for the largest. */
static const struct nks_jail_limits limits = {.memory_bytes = (int64_t)256 << 20, .cpu_seconds = 3600};

int main(int argc, char **argv)
{
    nks_sys_protect_process(); /* what it reads are names and accounts: no core dump */
    (void)argv;
    if (argc > 1)
        _exit(NKS_READER_EXIT_BUG);
    nks_reader_prepare();
    struct nks_fault fault;
    nks_fault_clear(&fault);
    if (nks_jail_enter(&limits, &fault) != NKS_OK)
        _exit(NKS_READER_EXIT_NO_JAIL);
    _exit(nks_reader_main(STDIN_FILENO, STDOUT_FILENO));
}
