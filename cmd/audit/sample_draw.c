/* Which units of money are drawn, and the lines that say so. */
#include "sample.h"

#include "payment/payment.h"

#include <inttypes.h>
#include <stdio.h>

enum { PARTS_OF_ALL = 4 }; /* so that no sum of two of these numbers overflows */

const char sample_columns[] = "# number\tunit\thits\tslice\tn\tbatch\tseq\tamount_minor\tcurrency";
const char sample_population_head[] = "# nks population 1\tslice\tpayments\tunits";
const char sample_files_head[] = "# number\tn\tleg_no\tamount_minor\tstate\tcentral\tfile\tmessage_id\tbytes\tsha256";

/* splitmix64: the same seed gives the same start everywhere. */
static uint64_t seed_mix(uint64_t seed)
{
    uint64_t z = seed + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

bool sample_draw_begin(struct sample_draw *draw)
{
    if (draw->units < 0 || draw->units > INT64_MAX / PARTS_OF_ALL || draw->count < 1)
        return false;
    draw->interval = draw->units / draw->count > 0 ? draw->units / draw->count : 1;
    draw->start = draw->next = (int64_t)(seed_mix(draw->seed) % (uint64_t)draw->interval);
    draw->passed = draw->drawn = 0;
    return true;
}

int64_t sample_draw_take(struct sample_draw *draw, int64_t units)
{
    int64_t hits = 0;
    draw->passed += units;
    if (draw->next < draw->passed)
        hits = (draw->passed - draw->next + draw->interval - 1) / draw->interval;
    draw->next += hits * draw->interval;
    return hits;
}

void sample_head(const struct sample_draw *draw, char line[SAMPLE_LINE_MAX])
{
    snprintf(line, SAMPLE_LINE_MAX,
             "# nks sample 2\tmus %" PRId64 "\tseed %" PRIu64 "\tpayments %" PRId64 "\tunits %" PRId64
             "\tinterval %" PRId64 "\tstart %" PRId64,
             draw->count, draw->seed, draw->payments, draw->units, draw->interval, draw->start);
}

void sample_line(const struct sample_draw *draw, const struct sample_pick *pick, char line[SAMPLE_LINE_MAX])
{
    snprintf(line, SAMPLE_LINE_MAX,
             "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\tbatch %" PRId64 "\t%" PRId64 "\t%" PRId64
             "\t%" PRId64,
             draw->drawn, pick->unit, pick->hits, pick->slice_id, pick->n, pick->slice_id >> NKS_SLICE_BITS, pick->seq,
             pick->amount_minor, pick->currency);
}
