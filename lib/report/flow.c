/* Where the bands of the picture lie. */
#include "report/report_private.h"

static nks_int128 total_of(const struct nks_flow_node *nodes, size_t count)
{
    nks_int128 total = 0;
    for (size_t i = 0; i < count; i++)
        total += nodes[i].sum.scaled;
    return total;
}

/* `of` parts of the total, rounded half up; 0 of nothing. */
static int portion(nks_int128 part, nks_int128 total, int of)
{
    return total <= 0 ? 0 : (int)((part * of * 2 + total) / (total * 2));
}

int nks_flow_layout(struct nks_flow_node *nodes, size_t count)
{
    const nks_int128 total = total_of(nodes, count);
    int bands = 0, bottom = 0;
    for (size_t i = 0; i < count; i++) {
        struct nks_flow_node *node = &nodes[i];
        node->share = portion(node->sum.scaled, total, 10000);
        node->height = portion(node->sum.scaled, total, NKS_FLOW_HEIGHT);
        node->bar = portion(node->sum.scaled, total, NKS_FLOW_BAR);
        node->height = node->height < NKS_FLOW_LEAST ? NKS_FLOW_LEAST : node->height;
        node->bar = node->bar < NKS_FLOW_LEAST ? NKS_FLOW_LEAST : node->bar;
        /* Room for two lines of text beside a thin band, and a gap after a thick one. */
        int pitch = node->height + NKS_FLOW_GAP;
        pitch = pitch < NKS_FLOW_PITCH ? NKS_FLOW_PITCH : pitch;
        node->right = bottom + (pitch - node->height) / 2;
        bottom += pitch;
        bands += node->height;
    }
    int left = (bottom - bands) / 2;
    for (size_t i = 0; i < count; i++) {
        nodes[i].left = left;
        left += nodes[i].height;
    }
    return bottom;
}
