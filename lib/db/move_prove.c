/* The proof of a move: both sides are read again, and counted, summed and hashed by themselves. */
#include "db/move_private.h"

#include <string.h>

enum { ROW_BUFFER = 8192, VALUE_HEAD = 9 };

struct proving {
    struct nks_move *move;
    const struct nks_move_table *table;
    struct nks_move_side *side;
    struct nks_hash *hash;
    bool fits_only; /* a try: the other side is not there yet */
    size_t used;
    unsigned char buffer[ROW_BUFFER];
};

static void flush(struct proving *proving)
{
    nks_hash_add(proving->hash, proving->buffer, proving->used);
    proving->used = 0;
}

static void put(struct proving *proving, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    if (proving->used + len > ROW_BUFFER)
        flush(proving);
    if (len > ROW_BUFFER) {
        nks_hash_add(proving->hash, bytes, len);
        return;
    }
    memcpy(proving->buffer + proving->used, bytes, len);
    proving->used += len;
}

/* The kind, the number or length in 8 bytes, and the bytes: no two rows have the same. */
static void value_add(struct proving *proving, const struct nks_value *value)
{
    unsigned char head[VALUE_HEAD] = {(unsigned char)value->kind};
    uint64_t number = value->kind == NKS_VALUE_INT ? (uint64_t)value->number : value->text.len;
    for (int i = VALUE_HEAD - 1; i > 0; i--, number >>= 8)
        head[i] = (unsigned char)(number & 0xff);
    put(proving, head, sizeof head);
    put(proving, value->text.ptr, value->text.len);
}

static enum nks_status row_prove(void *context, const struct nks_value *values, struct nks_fault *fault)
{
    struct proving *proving = context;
    struct nks_move_side *side = proving->side;
    side->rows++;
    if (proving->fits_only)
        NKS_TRY(nks_move_fits(proving->table, values, side->rows, fault));
    for (int i = 0; i < proving->table->columns; i++) {
        if (values[i].kind == NKS_VALUE_INT)
            side->sums[i] += values[i].number; /* 2^63 rows of 2^63 */
        value_add(proving, &values[i]);
    }
    nks_move_passed(proving->move);
    return NKS_OK;
}

static enum nks_status side_read(struct proving *proving, struct nks_db *db, struct nks_move_table *table, int side,
                                 struct nks_fault *fault)
{
    proving->table = table;
    proving->side = &table->sides[side];
    *proving->side = (struct nks_move_side){.rows = 0};
    proving->used = 0;
    nks_hash_reset(proving->hash);
    const struct nks_reading reading = {.name = table->name,
                                        .text = table->select,
                                        .columns = table->columns,
                                        .column = table->column,
                                        .fn = row_prove,
                                        .context = proving};
    NKS_TRY(db->engine->rows(db, &reading, fault));
    flush(proving);
    nks_hash_end(proving->hash, proving->side->digest);
    return NKS_OK;
}

bool nks_move_equal(const struct nks_move_table *table)
{
    const struct nks_move_side *here = &table->sides[NKS_MOVE_HERE], *there = &table->sides[NKS_MOVE_THERE];
    bool equal = here->rows == there->rows && memcmp(here->digest, there->digest, sizeof here->digest) == 0;
    for (int i = 0; i < table->columns; i++)
        equal = equal && here->sums[i] == there->sums[i];
    return equal;
}

static enum nks_status differs(const struct nks_move_table *table, struct nks_fault *fault)
{
    const struct nks_move_side *here = &table->sides[NKS_MOVE_HERE], *there = &table->sides[NKS_MOVE_THERE];
    if (here->rows != there->rows)
        return nks_fault_set(fault, NKS_INTEGRITY, "MOVE-DIFFERS",
                             "table %s has %lld rows in the home and %lld on PostgreSQL: nothing was switched",
                             table->name, (long long)here->rows, (long long)there->rows);
    for (int i = 0; i < table->columns; i++) {
        if (here->sums[i] != there->sums[i])
            return nks_fault_set(fault, NKS_INTEGRITY, "MOVE-DIFFERS",
                                 "table %s, column %s: the sums are not the same: nothing was switched", table->name,
                                 table->column[i].name);
    }
    return nks_fault_set(fault, NKS_INTEGRITY, "MOVE-DIFFERS",
                         "table %s: counts and sums are the same, but not every value: nothing was switched",
                         table->name);
}

/* All tables are read, so that all can be told; the first that differs is the fault. */
static enum nks_status both_read(struct proving *proving, struct nks_fault *fault)
{
    struct nks_move *move = proving->move;
    enum nks_status status = NKS_OK;
    for (size_t i = 0; i < move->count; i++) {
        struct nks_move_table *table = &move->tables[i];
        NKS_TRY(side_read(proving, move->from, table, NKS_MOVE_HERE, fault));
        NKS_TRY(side_read(proving, move->to, table, NKS_MOVE_THERE, fault));
        if (!nks_move_equal(table) && status == NKS_OK)
            status = differs(table, fault);
    }
    return status;
}

static enum nks_status here_read(struct proving *proving, struct nks_fault *fault)
{
    for (size_t i = 0; i < proving->move->count; i++)
        NKS_TRY(side_read(proving, proving->move->from, &proving->move->tables[i], NKS_MOVE_HERE, fault));
    return NKS_OK;
}

static enum nks_status read_with(struct nks_move *move, bool fits_only,
                                 enum nks_status (*fn)(struct proving *proving, struct nks_fault *fault),
                                 struct nks_fault *fault)
{
    struct proving proving = {.move = move, .fits_only = fits_only, .hash = nks_hash_new()};
    if (proving.hash == NULL)
        return nks_fault_set(fault, NKS_RETRY, "MEMORY", "no memory for the proof of a move; try again later");
    enum nks_status status = fn(&proving, fault);
    nks_hash_free(proving.hash);
    return status;
}

enum nks_status nks_move_try(struct nks_move *move, struct nks_fault *fault)
{
    move->done = 0;
    move->total = move->rows;
    return read_with(move, true, here_read, fault);
}

enum nks_status nks_move_prove(struct nks_move *move, struct nks_fault *fault)
{
    NKS_TRY(nks_db_begin_read(move->to, fault));
    enum nks_status status = read_with(move, false, both_read, fault);
    nks_db_rollback(move->to);
    return status;
}

/* ---- for people */

void nks_move_number(nks_int128 number, char out[NKS_MOVE_SUM_TEXT])
{
    char digits[NKS_MOVE_SUM_TEXT];
    int count = 0, at = 0;
    bool is_negative = number < 0;
    do {
        int digit = (int)(number % 10);
        digits[count++] = (char)('0' + (digit < 0 ? -digit : digit));
        number /= 10;
    } while (number != 0);
    if (is_negative)
        out[at++] = '-';
    while (count > 0)
        out[at++] = digits[--count];
    out[at] = '\0';
}

void nks_move_sum(const struct nks_move_table *table, int side, char out[NKS_MOVE_SUM_TEXT])
{
    nks_int128 sum = 0;
    for (int i = 0; i < table->columns; i++)
        sum += table->sides[side].sums[i];
    nks_move_number(sum, out);
}
