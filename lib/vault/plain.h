#ifndef NKS_VAULT_PLAIN_H
#define NKS_VAULT_PLAIN_H
/*
 * For the bench alone: in a build with NKS_BENCH_PLAIN nothing is encrypted, signed or put on the trail, so that what
 * these cost can be measured (scripts/bench.sh, vault_share). Such a program works on test homes only, and its version
 * says so.
 */
#include <stdbool.h>

#ifdef NKS_BENCH_PLAIN
static const bool nks_plain = true;
#else
static const bool nks_plain = false;
#endif
#endif
