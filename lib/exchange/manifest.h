#ifndef NKS_EXCHANGE_MANIFEST_H
#define NKS_EXCHANGE_MANIFEST_H
/*
 * Reads a manifest strictly, line by line: two head lines, a row per order file, the total. It needs no database.
 * Order of calls: nks_manifest_init, nks_manifest_line for each line (without its line feed), nks_manifest_whole.
 * That a name stands once, and that the files are there, is for the caller, who keeps the rows.
 */
#include "base/date.h"
#include "base/file.h"
#include "base/money.h"
#include "exchange/exchange.h"

/* A line of 512 holds the longest name, id, sum and hash; nobody gets more order files on a day than that. */
enum { NKS_MANIFEST_LINE_MAX = 512, NKS_MANIFEST_ROWS_MAX = 20000, NKS_MANIFEST_CENTRAL_MAX = 64 };

enum nks_manifest_got { NKS_MANIFEST_BAD, NKS_MANIFEST_HEAD, NKS_MANIFEST_ROW, NKS_MANIFEST_TOTAL };

struct nks_manifest_row {
    char name[NKS_FILE_NAME_MAX], message_id[NKS_MESSAGE_ID_MAX];
    uint64_t payments, bytes;
    struct nks_sum sum;
    uint8_t hash[NKS_HASH_SIZE];
};

struct nks_manifest {
    char central[NKS_MANIFEST_CENTRAL_MAX];
    nks_date date;
    uint64_t lines, rows, payments;
    struct nks_sum sum;
    bool bad, total;
};

void nks_manifest_init(struct nks_manifest *manifest);
/* BAD also for every line after a bad one or after the total. *row is filled for ROW only. */
enum nks_manifest_got nks_manifest_line(struct nks_manifest *manifest, struct nks_text line,
                                        struct nks_manifest_row *row);
/* All lines were good, and the total stood at the end and is what the rows come to. */
bool nks_manifest_whole(const struct nks_manifest *manifest);

#endif
