/* The same as fuzz_reader.c with the corpus of banks' reports (pain.002), which are read without a schema. */
#include "fuzz_reader.c" /* NOLINT(bugprone-suspicious-include) */
