/* Proposals: what one person asked for and another decides. */
#include "person/person_private.h"

#include "base/pack.h"
#include "person_sql.h"

#include <string.h>

static const char *const state_names[] = {"?", "OPEN", "APPROVED", "DECLINED"};

const char *nks_proposal_state_name(int state)
{
    return state > 0 && state <= NKS_PROPOSAL_DECLINED ? state_names[state] : state_names[0];
}

void nks_act_about(const char *act, const char *arguments, const uint8_t *content, uint8_t out[NKS_HASH_SIZE])
{
    static const uint8_t none[NKS_HASH_SIZE];
    char memory[NKS_PROPOSAL_TEXT];
    struct nks_buf buf;
    nks_buf_init(&buf, memory, sizeof memory);
    nks_pack_text(&buf, nks_text_from("nks act 1"));
    nks_pack_text(&buf, nks_text_from(act));
    nks_pack_text(&buf, nks_text_from(arguments));
    nks_pack_text(&buf, (struct nks_text){(const char *)(content != NULL ? content : none), NKS_HASH_SIZE});
    nks_hash_once(buf.ptr, buf.len, out);
}

static void pack_asked(struct nks_buf *buf, const struct nks_proposal *proposal)
{
    nks_pack_text(buf, nks_text_from(proposal->act));
    nks_pack_text(buf, nks_text_from(proposal->arguments));
    nks_pack_text(buf, nks_text_from(proposal->reason));
    nks_pack_text(buf, (struct nks_text){(const char *)proposal->content, sizeof proposal->content});
    nks_pack_text(buf, nks_text_from(proposal->proposer));
    nks_pack_int(buf, proposal->made);
}

bool nks_proposal_text(const struct nks_proposal *proposal, char out[NKS_PROPOSAL_TEXT], size_t *len)
{
    struct nks_buf buf;
    nks_buf_init(&buf, out, NKS_PROPOSAL_TEXT);
    nks_pack_text(&buf, nks_text_from("nks proposal 1"));
    pack_asked(&buf, proposal);
    nks_pack_text(&buf, nks_text_from(proposal->preview));
    *len = buf.len;
    return !buf.overflow;
}

bool nks_proposal_decision_text(const struct nks_proposal *proposal, char out[NKS_PROPOSAL_TEXT], size_t *len)
{
    struct nks_buf buf;
    nks_buf_init(&buf, out, NKS_PROPOSAL_TEXT);
    nks_pack_text(&buf, nks_text_from("nks decision 1"));
    pack_asked(&buf, proposal);
    nks_pack_text(&buf, nks_text_from(proposal->preview));
    nks_pack_int(&buf, proposal->state);
    nks_pack_int(&buf, proposal->decided);
    nks_pack_text(&buf, nks_text_from(proposal->approver));
    *len = buf.len;
    return !buf.overflow;
}

static struct nks_place place_of(int64_t id)
{
    return (struct nks_place){"proposal", "details", id, 0, 1};
}

static enum nks_status proposal_pack(struct nks_persons *persons, const struct nks_proposal *proposal, uint8_t *out,
                                     size_t *len, struct nks_fault *fault)
{
    char memory[NKS_PERSON_RECORD];
    struct nks_buf buf;
    struct nks_place place = place_of(proposal->id);
    nks_buf_init(&buf, memory, sizeof memory - NKS_CIPHER_OVERHEAD);
    nks_pack_int(&buf, proposal->state);
    pack_asked(&buf, proposal);
    nks_pack_text(&buf, nks_text_from(proposal->preview));
    nks_pack_int(&buf, proposal->decided);
    nks_pack_text(&buf, nks_text_from(proposal->approver));
    nks_pack_text(&buf, (struct nks_text){(const char *)proposal->proposed, sizeof proposal->proposed});
    nks_pack_text(&buf, (struct nks_text){(const char *)proposal->approved, sizeof proposal->approved});
    if (buf.overflow)
        return nks_fault_set(fault, NKS_REFUSED, "PROPOSAL-LONG", "what is proposed is too long: shorten the reason");
    *len = buf.len + NKS_CIPHER_OVERHEAD;
    return nks_cipher_encrypt(persons->cipher, &place, buf.ptr, buf.len, out, fault);
}

static bool take_bytes(struct nks_unpack *unpack, uint8_t *out, size_t size)
{
    struct nks_text text = nks_unpack_text(unpack);
    if (text.len != size)
        return false;
    memcpy(out, text.ptr, size);
    return true;
}

static bool take_text(struct nks_unpack *unpack, char *out, size_t size)
{
    return nks_text_copy(nks_unpack_text(unpack), out, size);
}

static enum nks_status proposal_unpack(struct nks_persons *persons, struct nks_stmt *stmt,
                                       struct nks_proposal *proposal, struct nks_fault *fault)
{
    char plain[NKS_PERSON_RECORD];
    struct nks_text record = nks_column_bytes(stmt, 2);
    *proposal =
        (struct nks_proposal){.id = nks_column_int(stmt, 0), .state = (enum nks_proposal_state)nks_column_int(stmt, 1)};
    struct nks_place place = place_of(proposal->id);
    if (record.len < NKS_CIPHER_OVERHEAD || record.len > sizeof plain)
        return nks_person_damaged("proposal", proposal->id, fault);
    NKS_TRY(nks_cipher_decrypt(persons->cipher, &place, record.ptr, record.len, plain, fault));
    struct nks_unpack unpack = {.rest = {plain, record.len - NKS_CIPHER_OVERHEAD}};
    bool good = nks_unpack_int(&unpack) == (int64_t)proposal->state;
    good = take_text(&unpack, proposal->act, sizeof proposal->act) && good;
    good = take_text(&unpack, proposal->arguments, sizeof proposal->arguments) && good;
    good = take_text(&unpack, proposal->reason, sizeof proposal->reason) && good;
    good = take_bytes(&unpack, proposal->content, sizeof proposal->content) && good;
    good = take_text(&unpack, proposal->proposer, sizeof proposal->proposer) && good;
    proposal->made = nks_unpack_int(&unpack);
    good = take_text(&unpack, proposal->preview, sizeof proposal->preview) && good;
    proposal->decided = nks_unpack_int(&unpack);
    good = take_text(&unpack, proposal->approver, sizeof proposal->approver) && good;
    good = take_bytes(&unpack, proposal->proposed, sizeof proposal->proposed) && good;
    good = take_bytes(&unpack, proposal->approved, sizeof proposal->approved) && good;
    return good && nks_unpack_done(&unpack) ? NKS_OK : nks_person_damaged("proposal", proposal->id, fault);
}

enum nks_status nks_proposal_add(struct nks_persons *persons, struct nks_proposal *proposal, struct nks_fault *fault)
{
    uint8_t record[NKS_PERSON_RECORD];
    size_t len = 0;
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_person_next_id(persons, &nks_sql_proposal_last, &proposal->id, fault));
    NKS_TRY(proposal_pack(persons, proposal, record, &len, fault));
    NKS_TRY(nks_stmt_start(persons->db, &nks_sql_proposal_insert, &stmt, fault));
    nks_bind_int(stmt, "proposal_id", proposal->id);
    nks_bind_int(stmt, "state", proposal->state);
    nks_bind_bytes(stmt, "details", record, len);
    return nks_stmt_run(stmt, NULL, fault);
}

enum nks_status nks_proposal_next(struct nks_persons *persons, int64_t after, struct nks_proposal *proposal,
                                  bool *found, struct nks_fault *fault)
{
    struct nks_stmt *stmt = NULL;
    NKS_TRY(nks_stmt_start(persons->db, &nks_sql_proposal_next, &stmt, fault));
    nks_bind_int(stmt, "after", after);
    NKS_TRY(nks_stmt_one(stmt, found, fault));
    enum nks_status status = *found ? proposal_unpack(persons, stmt, proposal, fault) : NKS_OK;
    nks_stmt_end(stmt);
    return status;
}

enum nks_status nks_proposal_load(struct nks_persons *persons, int64_t id, struct nks_proposal *proposal, bool *found,
                                  struct nks_fault *fault)
{
    NKS_TRY(nks_proposal_next(persons, id - 1, proposal, found, fault));
    *found = *found && proposal->id == id;
    return NKS_OK;
}

enum nks_status nks_proposal_decide(struct nks_persons *persons, const struct nks_proposal *proposal,
                                    struct nks_fault *fault)
{
    uint8_t record[NKS_PERSON_RECORD];
    size_t len = 0;
    int64_t changed = 0;
    struct nks_stmt *stmt = NULL;
    NKS_TRY(proposal_pack(persons, proposal, record, &len, fault));
    NKS_TRY(nks_stmt_start(persons->db, &nks_sql_proposal_decide, &stmt, fault));
    nks_bind_int(stmt, "proposal_id", proposal->id);
    nks_bind_int(stmt, "from", NKS_PROPOSAL_OPEN);
    nks_bind_int(stmt, "to", proposal->state);
    nks_bind_bytes(stmt, "details", record, len);
    NKS_TRY(nks_stmt_run(stmt, &changed, fault));
    return changed == 1 ? NKS_OK
                        : nks_fault_set(fault, NKS_REFUSED, "PROPOSAL-STATE", "this proposal is decided already");
}
