-- The auditor's own reading of the rows. It shares no statement with the modules whose work it recounts.
-- It may name every table: it is the one program that looks at all of them, and it writes none.

-- One picture of all tables: what is committed meanwhile is not seen.
-- name: audit_begin
BEGIN;

-- name: audit_end
COMMIT;

-- name: audit_newest_day
SELECT COALESCE(MAX(business_date), 0) FROM out_file;

-- ---- deliveries

-- name: audit_deliveries
SELECT delivery_id, source, state, answered, repeats, bytes, hash, party, replays, generation, hash_key, name_key,
  erased_at, length(findings)
FROM delivery
ORDER BY delivery_id;

-- name: audit_receipt_erased
SELECT COUNT(*) FROM out_file WHERE delivery_id = :delivery_id AND kind = 2 AND erased_at > 0;

-- name: audit_delivery_receipts
SELECT COUNT(*), COUNT(CASE WHEN party = :party AND folder = 3 THEN 1 END) FROM out_file
WHERE delivery_id = :delivery_id AND kind = 2;

-- name: audit_delivery_batches
SELECT COUNT(*), COUNT(CASE WHEN state = 2 THEN 1 END), COUNT(CASE WHEN state = 3 THEN 1 END) FROM batch
WHERE delivery_id = :delivery_id AND origin <> 4;

-- name: audit_delivery_one
SELECT hash, party, repeats, state, generation, source FROM delivery WHERE delivery_id = :delivery_id;

-- ---- batches and groups

-- name: audit_batches
SELECT batch_id, delivery_id, state, payments, rejected, slices, groups, control_sum, origin,
  COALESCE((SELECT 1 + e.done FROM batch_erased e WHERE e.batch_id = batch.batch_id), 0), length(wrapped_key)
FROM batch ORDER BY batch_id;

-- name: audit_batch_slices
SELECT COUNT(*), COALESCE(MIN(slice_id), 0), COALESCE(MAX(slice_id), 0) FROM slice
WHERE slice_id BETWEEN :first AND :last;

-- name: audit_batch_slice_counts
SELECT payments, rejected FROM slice WHERE slice_id BETWEEN :first AND :last ORDER BY slice_id;

-- name: audit_batch_payments
SELECT p.slice_id, p.n, p.seq, p.grp, p.state, p.reason, p.amount_minor, p.currency, COALESCE(s.state, 0)
FROM payment p LEFT JOIN slice s ON s.slice_id = p.slice_id
WHERE p.slice_id BETWEEN :first AND :last ORDER BY p.slice_id, p.n;

-- name: audit_batch_ref
SELECT ref FROM batch WHERE batch_id = :batch_id;

-- What a refused batch may not have left behind.
-- name: audit_batch_leftovers
SELECT 'slice', COUNT(*) FROM slice WHERE slice_id BETWEEN :first AND :last
UNION ALL SELECT 'payment', COUNT(*) FROM payment WHERE slice_id BETWEEN :first AND :last
UNION ALL SELECT 'slice_details', COUNT(*) FROM slice_details WHERE slice_id BETWEEN :first AND :last
UNION ALL SELECT 'leg', COUNT(*) FROM leg WHERE slice_id BETWEEN :first AND :last
UNION ALL SELECT 'batch_group', COUNT(*) FROM batch_group WHERE batch_id = :batch_id;

-- name: audit_groups
SELECT number, payments, execution_date FROM batch_group WHERE batch_id = :batch_id ORDER BY number;

-- name: audit_groups_stray
SELECT g.batch_id, g.number FROM batch_group g
WHERE NOT EXISTS (SELECT 1 FROM batch b WHERE b.batch_id = g.batch_id) ORDER BY g.batch_id, g.number;

-- ---- slices

-- name: audit_slices
SELECT slice_id, batch_id, execution_date, due_date, state, generation, payments, rejected, amount_minor, legs,
  legs_hash, signature
FROM slice WHERE slice_id BETWEEN :first AND :last ORDER BY slice_id;

-- name: audit_slices_stray
SELECT slice_id FROM slice s WHERE NOT EXISTS (SELECT 1 FROM batch b WHERE b.batch_id = s.slice_id >> 14)
ORDER BY slice_id;

-- name: audit_payments
SELECT n, seq, grp, amount_minor, currency, state, reason, flags, holder_kind, holder_key, holder_check
FROM payment WHERE slice_id = :slice_id ORDER BY n;

-- name: audit_legs
SELECT n, generation, leg_no, kind, amount_minor, central, state, reason, file_id
FROM leg WHERE slice_id = :slice_id ORDER BY n, generation, leg_no;

-- name: audit_status_totals
SELECT status, payments, control_sum FROM slice_status_total WHERE slice_id = :slice_id ORDER BY status;

-- name: audit_order_totals
SELECT central, grp, legs, control_sum FROM slice_order_total WHERE slice_id = :slice_id ORDER BY central, grp;

-- Legs in the order of the totals; a stopped leg (state 6) goes into no file.
-- name: audit_order_legs
SELECT l.central, p.grp, p.currency, l.amount_minor
FROM leg l JOIN payment p ON p.slice_id = l.slice_id AND p.n = l.n
WHERE l.slice_id = :slice_id AND l.generation = :generation AND l.state <> 6
ORDER BY l.central, p.grp;

-- name: audit_slice_blobs
SELECT (SELECT COUNT(*) FROM slice_details d WHERE d.slice_id = :slice_id),
  (SELECT COUNT(*) FROM slice_decision e WHERE e.slice_id = :slice_id AND e.generation = :generation);

-- name: audit_group_dates
SELECT DISTINCT p.grp, COALESCE(g.execution_date, -1)
FROM payment p LEFT JOIN batch_group g ON g.batch_id = :batch_id AND g.number = p.grp
WHERE p.slice_id = :slice_id AND (g.execution_date IS NULL OR g.execution_date <> :execution_date)
ORDER BY 1;

-- Rows that name a slice that is not there; each number once, without reading every row.
-- name: audit_stray_payment
WITH RECURSIVE k(id) AS (
  SELECT MIN(slice_id) FROM payment
  UNION ALL SELECT (SELECT MIN(slice_id) FROM payment WHERE slice_id > k.id) FROM k WHERE k.id IS NOT NULL)
SELECT id FROM k WHERE id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM slice s WHERE s.slice_id = k.id);

-- name: audit_stray_leg
WITH RECURSIVE k(id) AS (
  SELECT MIN(slice_id) FROM leg
  UNION ALL SELECT (SELECT MIN(slice_id) FROM leg WHERE slice_id > k.id) FROM k WHERE k.id IS NOT NULL)
SELECT id FROM k WHERE id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM slice s WHERE s.slice_id = k.id);

-- name: audit_stray_details
SELECT slice_id FROM slice_details d WHERE NOT EXISTS (SELECT 1 FROM slice s WHERE s.slice_id = d.slice_id);

-- name: audit_stray_decision
SELECT slice_id FROM slice_decision d
WHERE NOT EXISTS (SELECT 1 FROM slice s WHERE s.slice_id = d.slice_id AND d.generation BETWEEN 1 AND s.generation);

-- name: audit_stray_status_total
SELECT DISTINCT slice_id FROM slice_status_total t
WHERE NOT EXISTS (SELECT 1 FROM slice s WHERE s.slice_id = t.slice_id);

-- name: audit_stray_order_total
SELECT DISTINCT slice_id FROM slice_order_total t
WHERE NOT EXISTS (SELECT 1 FROM slice s WHERE s.slice_id = t.slice_id);

-- Runs of history (tier from 1) belong to no one slice.
-- name: audit_stray_run
SELECT run_id FROM reference_run r WHERE tier = 0 AND NOT EXISTS (SELECT 1 FROM slice s WHERE s.slice_id = r.run_id);

-- The run of a block is the block's number without its last 20 bits; an entry has 16 bytes.
-- name: audit_stray_block
WITH RECURSIVE k(id) AS (
  SELECT MIN(block_id) >> 20 FROM reference_block
  UNION ALL SELECT (SELECT MIN(block_id) >> 20 FROM reference_block WHERE block_id >= (k.id + 1) << 20)
  FROM k WHERE k.id IS NOT NULL)
SELECT id FROM k WHERE id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM reference_run r WHERE r.run_id = k.id);

-- name: audit_run_entries
SELECT run_id FROM reference_run r WHERE entries * 16 <>
  (SELECT COALESCE(SUM(LENGTH(b.entries)), 0) FROM reference_block b
   WHERE b.block_id >= r.run_id << 20 AND b.block_id < (r.run_id + 1) << 20);

-- name: audit_runs
SELECT run_id, payer, sender, month, tier, bits, entries FROM reference_run ORDER BY run_id;

-- name: audit_run_blocks
SELECT block_id, entries FROM reference_block WHERE block_id BETWEEN :first AND :last ORDER BY block_id;

-- name: audit_batch_owner
SELECT payer, sender, created_at, state FROM batch WHERE batch_id = :batch_id;

-- ---- signatures

-- name: audit_rows_signature
SELECT signature FROM slice_rows_signature WHERE slice_id = :slice_id;

-- name: audit_rows_signature_stray
SELECT slice_id FROM slice_rows_signature r WHERE NOT EXISTS (SELECT 1 FROM slice s WHERE s.slice_id = r.slice_id)
ORDER BY slice_id;

-- name: audit_decision
SELECT decisions FROM slice_decision WHERE slice_id = :slice_id AND generation = :generation;

-- name: audit_signed_legs
SELECT n, generation, leg_no, kind, amount_minor, central FROM leg
WHERE slice_id = :slice_id AND generation = :generation ORDER BY n, leg_no;

-- ---- money that came back and goes on

-- Payments of batches of returned money (origin 3), with the leg each came from; zeros where there is none. Whose payments
-- they were is gone when one of the two batches was erased: the other one still has its signature.
-- name: audit_returns
SELECT p.slice_id, p.n, p.amount_minor, p.currency, COALESCE(r.from_slice_id, 0), COALESCE(r.from_n, 0),
  COALESCE(r.from_generation, 0), COALESCE(r.from_leg_no, 0), COALESCE(l.kind, 0), COALESCE(l.state, 0),
  COALESCE(l.amount_minor, 0), COALESCE(o.currency, -1),
  CASE WHEN o.holder_kind = p.holder_kind AND o.holder_key = p.holder_key AND o.holder_check = p.holder_check
    OR EXISTS (SELECT 1 FROM batch_erased e WHERE e.batch_id IN (b.batch_id, f.batch_id)) THEN 1 ELSE 0 END,
  CASE WHEN f.payer = b.payer AND f.sender = b.sender AND f.agreement_id = b.agreement_id THEN 1 ELSE 0 END
FROM batch b JOIN payment p ON p.slice_id BETWEEN (b.batch_id << 14) + 1 AND (b.batch_id << 14) + 16383
LEFT JOIN payment_return r ON r.slice_id = p.slice_id AND r.n = p.n
LEFT JOIN leg l ON l.slice_id = r.from_slice_id AND l.n = r.from_n AND l.generation = r.from_generation
  AND l.leg_no = r.from_leg_no
LEFT JOIN payment o ON o.slice_id = r.from_slice_id AND o.n = r.from_n
LEFT JOIN batch f ON f.batch_id = r.from_slice_id >> 14
WHERE b.origin = 3 ORDER BY p.slice_id, p.n;

-- Rows that lead to no payment of such a batch.
-- name: audit_returns_stray
SELECT r.from_slice_id, r.from_n, r.slice_id, r.n FROM payment_return r
WHERE NOT EXISTS (SELECT 1 FROM payment p JOIN batch b ON b.batch_id = p.slice_id >> 14
  WHERE p.slice_id = r.slice_id AND p.n = r.n AND b.origin = 3)
ORDER BY r.from_slice_id, r.from_n;

-- Payments of corrections (origin 4), with the rejected payment in whose place each goes (state 2); zeros where none is.
-- Erased batches as above.
-- name: audit_replays
SELECT p.slice_id, p.n, COALESCE(r.from_slice_id, 0), COALESCE(r.from_n, 0), COALESCE(o.state, 0),
  CASE WHEN o.amount_minor = p.amount_minor AND o.currency = p.currency THEN 1 ELSE 0 END,
  CASE WHEN o.holder_kind = p.holder_kind AND o.holder_key = p.holder_key AND o.holder_check = p.holder_check
    OR EXISTS (SELECT 1 FROM batch_erased e WHERE e.batch_id IN (b.batch_id, f.batch_id)) THEN 1 ELSE 0 END,
  CASE WHEN f.payer = b.payer AND f.sender = b.sender AND f.agreement_id = b.agreement_id THEN 1 ELSE 0 END
FROM batch b JOIN payment p ON p.slice_id BETWEEN (b.batch_id << 14) + 1 AND (b.batch_id << 14) + 16383
LEFT JOIN payment_replay r ON r.slice_id = p.slice_id AND r.n = p.n
LEFT JOIN payment o ON o.slice_id = r.from_slice_id AND o.n = r.from_n
LEFT JOIN batch f ON f.batch_id = r.from_slice_id >> 14
WHERE b.origin = 4 ORDER BY p.slice_id, p.n;

-- Rows that lead to no payment of such a batch.
-- name: audit_replays_stray
SELECT r.from_slice_id, r.from_n, r.slice_id, r.n FROM payment_replay r
WHERE NOT EXISTS (SELECT 1 FROM payment p JOIN batch b ON b.batch_id = p.slice_id >> 14
  WHERE p.slice_id = r.slice_id AND p.n = r.n AND b.origin = 4)
ORDER BY r.from_slice_id, r.from_n;

-- Legs of payees (kind 1) that came back (states 4, 5) in a slice, with the slice that carries each on (0: none) and
-- the kind of its payee's id (0: none).
-- name: audit_returned_legs
SELECT l.n, l.generation, l.leg_no, l.state, l.reason, COALESCE(r.slice_id, 0), COALESCE(p.holder_kind, 0)
FROM leg l LEFT JOIN payment_return r ON r.from_slice_id = l.slice_id AND r.from_n = l.n
  AND r.from_generation = l.generation AND r.from_leg_no = l.leg_no
LEFT JOIN payment p ON p.slice_id = l.slice_id AND p.n = l.n
WHERE l.slice_id = :slice_id AND l.kind = 1 AND l.state IN (4, 5) ORDER BY l.n, l.generation, l.leg_no;

-- name: audit_batch_agreement
SELECT agreement_id FROM batch WHERE batch_id = :batch_id;

-- ---- uses of claims

-- name: audit_use_count
SELECT COUNT(*) FROM claim_use;

-- Uses that no debt leg bears out. Legs: kind 2 debt; state 4 rejected, 5 returned, 6 stopped: then the use is given
-- back. A slice in state 4 (OFFSET) has its uses already, but its legs only in its decisions: audit_uses_early.
-- A generation that was decided again while it was OFFSET left no legs, and no active use.
-- name: audit_uses_wrong
SELECT u.holder_key, u.claim_key, u.slice_id, u.n, u.generation, u.leg_no, u.amount_minor, u.state,
  COALESCE(l.kind, 0), COALESCE(l.amount_minor, 0), COALESCE(l.state, 0), CASE WHEN p.holder_key = u.holder_key THEN 1 ELSE 0 END
FROM claim_use u
LEFT JOIN leg l ON l.slice_id = u.slice_id AND l.n = u.n AND l.generation = u.generation AND l.leg_no = u.leg_no
LEFT JOIN payment p ON p.slice_id = u.slice_id AND p.n = u.n
WHERE (l.n IS NULL OR p.n IS NULL OR l.kind <> 2 OR l.amount_minor <> u.amount_minor OR p.holder_key <> u.holder_key
  OR u.state NOT IN (1, 2) OR (u.state = 1 AND l.state IN (4, 5, 6)) OR (u.state = 2 AND l.state IN (1, 2, 3)))
  AND NOT EXISTS (SELECT 1 FROM batch_erased e WHERE e.batch_id = u.slice_id >> 14)
  AND NOT EXISTS (SELECT 1 FROM slice s WHERE s.slice_id = u.slice_id AND (s.state = 4 AND u.generation = s.generation
    OR l.n IS NULL AND p.holder_key = u.holder_key AND u.state = 2 AND u.generation < s.generation));

-- name: audit_uses_early
SELECT u.holder_key, u.claim_key, u.slice_id, u.n, u.generation, u.leg_no, u.amount_minor, u.state
FROM claim_use u JOIN slice s ON s.slice_id = u.slice_id
WHERE s.state = 4 AND u.generation = s.generation ORDER BY u.slice_id, u.n, u.generation, u.leg_no;

-- name: audit_use_of_leg
SELECT claim_key, amount_minor FROM claim_use
WHERE holder_key = :holder_key AND slice_id = :slice_id AND n = :n AND generation = :generation AND leg_no = :leg_no
ORDER BY claim_key;

-- name: audit_debt_legs
SELECT l.n, l.generation, l.leg_no, p.holder_key FROM leg l JOIN payment p ON p.slice_id = l.slice_id AND p.n = l.n
WHERE l.slice_id = :slice_id AND l.kind = 2 ORDER BY l.n, l.generation, l.leg_no;

-- A claim is never used beyond what was open: at its last use the sum of uses later than some version's as-of instant,
-- of those versions imported by then, was within that version's open amount. A version whose as-of instant was not yet
-- when it was imported says what was open at its import. Where the clock went back, what is behind an import in the
-- home's chain came after it, whatever its instant. Amounts beyond bounds, at which a sum could overflow, differ from
-- their leg's and are found there.
-- name: audit_claims_overdrawn
WITH later AS (
  SELECT number, action, at, MIN(at) OVER (ORDER BY link DESC) AS earliest FROM trail_link WHERE chain = 0),
known AS MATERIALIZED (
  SELECT i.version, i.imported_at, MIN(COALESCE(l.earliest, i.imported_at)) AS since
  FROM debt_import i LEFT JOIN later l ON l.action = 8 AND l.number = i.version AND l.at = i.imported_at
  GROUP BY i.version, i.imported_at)
SELECT c.holder_key, c.claim_key, c.used FROM (
  SELECT holder_key, claim_key, SUM(amount_minor) AS used, MAX(used_at) AS last_use FROM claim_use
  WHERE state = 1 AND amount_minor BETWEEN 1 AND 1000000000000000 GROUP BY holder_key, claim_key) c
WHERE NOT EXISTS (
  SELECT 1 FROM debt_claim v JOIN known i ON i.version = v.version
  WHERE v.holder_key = c.holder_key AND v.claim_key = c.claim_key AND i.since <= c.last_use
    AND (SELECT COALESCE(SUM(x.amount_minor), 0) FROM claim_use x
      WHERE x.holder_key = c.holder_key AND x.claim_key = c.claim_key AND x.state = 1
        AND x.used_at > CASE WHEN v.as_of < i.imported_at THEN v.as_of ELSE i.imported_at - 1 END
        AND x.amount_minor BETWEEN 1 AND 1000000000000000)
      <= v.open_minor)
ORDER BY c.holder_key, c.claim_key;

-- ---- the register, debts and imports

-- name: audit_accounts
SELECT holder_key, no, holder_check, version, kind, slot_key, valid_from, valid_to, account FROM account
ORDER BY holder_key, no;

-- name: audit_holders
SELECT holder_key, holder_check, version, kind, parent_key, parent_check, terms FROM holder
ORDER BY holder_key, holder_check, version;

-- name: audit_debt_authorities
SELECT id, authority, version, terms FROM debt_authority ORDER BY id;

-- name: audit_debt_flags
SELECT holder_key, flag_key, version, holder_check, terms FROM debt_flag ORDER BY holder_key, flag_key, version;

-- name: audit_debt_claims
SELECT holder_key, claim_key, version, holder_check, terms, open_minor, as_of FROM debt_claim
ORDER BY holder_key, claim_key, version;

-- Imports with the number of rows of their version, their record, and whether the trail has their version: links and
-- records came with the same program. Numbers of tables as in imports.c.
-- name: audit_imports
SELECT 0, i.version, i.imported_at, i.rows, i.added, COALESCE(c.n, 0), r.record,
  EXISTS (SELECT 1 FROM trail_link t WHERE t.chain = 0 AND t.action = 8 AND t.number = i.version AND t.at = i.imported_at)
FROM agreement_import i LEFT JOIN agreement_import_record r ON r.version = i.version
LEFT JOIN (SELECT version, COUNT(*) AS n FROM (SELECT version FROM agreement) v GROUP BY version) c ON c.version = i.version
UNION ALL SELECT 1, i.version, i.imported_at, i.rows, i.added, COALESCE(c.n, 0), r.record,
  EXISTS (SELECT 1 FROM trail_link t WHERE t.chain = 0 AND t.action = 8 AND t.number = i.version AND t.at = i.imported_at)
FROM central_import i LEFT JOIN central_import_record r ON r.version = i.version
LEFT JOIN (SELECT version, COUNT(*) AS n FROM (SELECT version FROM central) v GROUP BY version) c ON c.version = i.version
UNION ALL SELECT 2, i.version, i.imported_at, i.rows, i.added, COALESCE(c.n, 0), r.record,
  EXISTS (SELECT 1 FROM trail_link t WHERE t.chain = 0 AND t.action = 8 AND t.number = i.version AND t.at = i.imported_at)
FROM register_import i LEFT JOIN register_import_record r ON r.version = i.version
LEFT JOIN (SELECT version, COUNT(*) AS n FROM (SELECT version FROM account UNION ALL SELECT version FROM holder) v GROUP BY version) c ON c.version = i.version
UNION ALL SELECT 3, i.version, i.imported_at, i.rows, i.added, COALESCE(c.n, 0), r.record,
  EXISTS (SELECT 1 FROM trail_link t WHERE t.chain = 0 AND t.action = 8 AND t.number = i.version AND t.at = i.imported_at)
FROM debt_import i LEFT JOIN debt_import_record r ON r.version = i.version
LEFT JOIN (SELECT version, COUNT(*) AS n FROM (SELECT version FROM debt_authority UNION ALL SELECT version FROM debt_flag UNION ALL SELECT version FROM debt_claim) v GROUP BY version) c ON c.version = i.version
ORDER BY 1, 2;

-- name: audit_imports_stray
SELECT DISTINCT 'agreement', x.version FROM agreement x WHERE NOT EXISTS (SELECT 1 FROM agreement_import i WHERE i.version = x.version)
UNION ALL SELECT DISTINCT 'agreement_import_record', x.version FROM agreement_import_record x WHERE NOT EXISTS (SELECT 1 FROM agreement_import i WHERE i.version = x.version)
UNION ALL SELECT DISTINCT 'central', x.version FROM central x WHERE NOT EXISTS (SELECT 1 FROM central_import i WHERE i.version = x.version)
UNION ALL SELECT DISTINCT 'central_import_record', x.version FROM central_import_record x WHERE NOT EXISTS (SELECT 1 FROM central_import i WHERE i.version = x.version)
UNION ALL SELECT DISTINCT 'account', x.version FROM account x WHERE NOT EXISTS (SELECT 1 FROM register_import i WHERE i.version = x.version)
UNION ALL SELECT DISTINCT 'holder', x.version FROM holder x WHERE NOT EXISTS (SELECT 1 FROM register_import i WHERE i.version = x.version)
UNION ALL SELECT DISTINCT 'register_import_record', x.version FROM register_import_record x WHERE NOT EXISTS (SELECT 1 FROM register_import i WHERE i.version = x.version)
UNION ALL SELECT DISTINCT 'debt_authority', x.version FROM debt_authority x WHERE NOT EXISTS (SELECT 1 FROM debt_import i WHERE i.version = x.version)
UNION ALL SELECT DISTINCT 'debt_flag', x.version FROM debt_flag x WHERE NOT EXISTS (SELECT 1 FROM debt_import i WHERE i.version = x.version)
UNION ALL SELECT DISTINCT 'debt_claim', x.version FROM debt_claim x WHERE NOT EXISTS (SELECT 1 FROM debt_import i WHERE i.version = x.version)
UNION ALL SELECT DISTINCT 'debt_import_record', x.version FROM debt_import_record x WHERE NOT EXISTS (SELECT 1 FROM debt_import i WHERE i.version = x.version);

-- Imports by instant and version: how many links of the trail (action 8; its number is the version, 0: nothing was new)
-- and how many rows say so, where they differ. Before the first record of an import the numbers meant something else.
-- name: audit_imports_by_instant
SELECT k.at, k.version, SUM(k.links), SUM(k.imports) FROM (
  SELECT at, number AS version, 1 AS links, 0 AS imports FROM trail_link WHERE chain = 0 AND action = 8 AND number <> 0
  UNION ALL SELECT imported_at, version, 0, 1 FROM agreement_import
  UNION ALL SELECT imported_at, version, 0, 1 FROM central_import
  UNION ALL SELECT imported_at, version, 0, 1 FROM register_import
  UNION ALL SELECT imported_at, version, 0, 1 FROM debt_import) k
WHERE k.at >= (SELECT MIN(f.at) FROM (SELECT i.imported_at AS at FROM agreement_import i JOIN agreement_import_record r ON r.version = i.version
  UNION ALL SELECT i.imported_at AS at FROM central_import i JOIN central_import_record r ON r.version = i.version
  UNION ALL SELECT i.imported_at AS at FROM register_import i JOIN register_import_record r ON r.version = i.version
  UNION ALL SELECT i.imported_at AS at FROM debt_import i JOIN debt_import_record r ON r.version = i.version) f)
GROUP BY k.at, k.version HAVING SUM(k.links) <> SUM(k.imports) ORDER BY k.at, k.version;

-- ---- ventekonto

-- name: audit_entries
SELECT v.slice_id, v.n, v.generation, v.amount_minor, v.state, v.currency, v.details, COALESCE(p.currency, -1),
  CASE WHEN v.holder_key = p.holder_key AND v.holder_check = p.holder_check THEN 1 ELSE 0 END, v.payer, v.date_in, v.holder_key,
  v.holder_check, EXISTS (SELECT 1 FROM trail_link t WHERE t.chain = v.slice_id >> 14 AND t.action = 24),
  EXISTS (SELECT 1 FROM batch_erased e WHERE e.batch_id = v.slice_id >> 14)
FROM ventekonto_entry v LEFT JOIN payment p ON p.slice_id = v.slice_id AND p.n = v.n
ORDER BY v.slice_id, v.n, v.generation;

-- name: audit_entry_leg
SELECT amount_minor, state FROM leg WHERE slice_id = :slice_id AND n = :n AND generation = :generation AND kind = 3;

-- name: audit_legs_without_entry
SELECT l.slice_id, l.n, l.generation, l.leg_no FROM leg l
WHERE l.kind = 3 AND NOT EXISTS (SELECT 1 FROM ventekonto_entry v
  WHERE v.slice_id = l.slice_id AND v.n = l.n AND v.generation = l.generation);

-- ---- files out

-- name: audit_files
SELECT file_id, kind, folder, party, name, message_id, batch_id, delivery_id, state, bytes, hash, repeats, number,
  created_at, business_date, entries, control_sum, erased_at
FROM out_file
ORDER BY file_id;

-- name: audit_delivery_erased_now
SELECT erased_at FROM delivery WHERE delivery_id = :number;

-- name: audit_file_erased_now
SELECT erased_at FROM out_file WHERE file_id = :number;

-- name: audit_file_one
SELECT kind, state, bytes, hash, entries FROM out_file WHERE file_id = :file_id;

-- name: audit_file_named
SELECT file_id, state, hash, bytes FROM out_file WHERE folder = :folder AND party = :party AND name = :name;

-- name: audit_published_named
SELECT kind, message_id, created_at, business_date, bytes, hash, line, entries, control_sum FROM published
WHERE folder = :folder AND party = :party AND name = :name;

-- name: audit_mark_rows
SELECT COUNT(*), COUNT(CASE WHEN one = 1 THEN 1 END) FROM journal_mark;

-- The last restore and the last reconciliation in the home's own chain.
-- name: audit_restores
SELECT COALESCE(MAX(CASE WHEN action = :restore THEN link END), 0),
  COALESCE(MAX(CASE WHEN action = :reconcile THEN link END), 0) FROM trail_link WHERE chain = 0;

-- A work that is done again names a reading that this database has judged; one that was given up has its link.
-- name: audit_lost_row
SELECT kind, party, hash, generation, state, CASE
  WHEN state = 2 AND kind < 3 AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.hash_key = :hash_key AND d.hash = lost_work.hash
    AND d.party = lost_work.party AND d.generation = lost_work.generation AND d.state > 2 AND d.repeats = 0) THEN 0
  WHEN state = 3 AND NOT EXISTS (SELECT 1 FROM trail_link t WHERE t.chain = 0 AND t.action = 28 AND t.number = lost_work.line) THEN 0
  ELSE 1 END
FROM lost_work WHERE line = :line;

-- Settled by people (28), which a link says, or a receipt that left before the home was put back.
-- name: audit_settled
SELECT 1 FROM trail_link t WHERE t.action = 28 AND t.chain = :batch_id AND t.number = :file_id
UNION ALL
SELECT 1 FROM published p WHERE p.kind = :kind AND p.kind = 2 AND p.folder = :folder AND p.party = :party AND p.name = :name
  AND p.hash <> :hash;

-- name: audit_lost_count
SELECT COUNT(*) FROM lost_work;

-- name: audit_published_count
SELECT COUNT(*) FROM published WHERE line > 0;

-- name: audit_files_published
SELECT file_id FROM out_file WHERE state = 3 ORDER BY file_id;

-- name: audit_batch_files
SELECT file_id, party, folder, entries, control_sum FROM out_file WHERE batch_id = :batch_id AND kind = 1
ORDER BY file_id;

-- The order files of a central and day, which its manifest lists in this order, with the instant at which each was
-- published (6) or handed out (23) after its batch's chain; 0: it has no such link.
-- name: audit_day_orders
SELECT o.control_sum, COALESCE((SELECT MIN(t.at) FROM trail_link t WHERE t.chain = o.batch_id AND t.action IN (6, 23)
  AND t.number = o.file_id), 0), o.state
FROM out_file o WHERE o.kind = 1 AND o.party = :party AND o.business_date = :day AND o.state > 1 ORDER BY o.file_id;

-- Those that left before the home was put back and were not there again when the manifest was made.
-- name: audit_day_left
SELECT p.control_sum FROM published p WHERE p.folder = 1 AND p.kind = 1 AND p.party = :party AND p.business_date = :day AND p.control_sum <> ''
  AND NOT EXISTS (SELECT 1 FROM out_file o JOIN trail_link t ON t.chain = o.batch_id AND t.action IN (6, 23)
      AND t.number = o.file_id AND t.at <= :made
    WHERE o.kind = 1 AND o.party = p.party AND o.name = p.name AND o.state = 3);

-- name: audit_messages_twice
SELECT a.file_id, b.file_id FROM out_file a JOIN out_file b
  ON b.message_id = a.message_id AND b.kind = a.kind AND b.file_id < a.file_id AND b.repeats = 0
WHERE a.message_id <> '' AND a.repeats = 0 ORDER BY a.file_id;

-- name: audit_batches_untold
SELECT DISTINCT s.slice_id >> 14 FROM slice s
WHERE s.state = 6 AND NOT EXISTS (SELECT 1 FROM out_file f WHERE f.batch_id = s.slice_id >> 14 AND f.kind = 3)
  AND NOT EXISTS (SELECT 1 FROM batch_told t WHERE t.batch_id = s.slice_id >> 14 AND t.quiet > 0);

-- Acts of the home's own chain about persons, proposals and signers; and restores, which end a proposal of their own.
-- name: audit_events
SELECT action, number, at, link FROM trail_link WHERE chain = 0 AND action IN (27, 30, 31, 32, 33, 34) ORDER BY link;

-- name: audit_signers
SELECT number, COUNT(*), MIN(version), MAX(version) FROM signer GROUP BY number ORDER BY number;

-- name: audit_signer_rows
SELECT signer_id, number, version, terms FROM signer ORDER BY signer_id;

-- name: audit_delivery_signatures
SELECT s.delivery_id, EXISTS (SELECT 1 FROM delivery d WHERE d.delivery_id = s.delivery_id) FROM delivery_signature s
ORDER BY s.delivery_id;

-- Links of deliveries (action 2) that have no signature.
-- name: audit_receive_unsigned
SELECT t.link FROM trail_link t WHERE t.chain = 0 AND t.action = 2
  AND NOT EXISTS (SELECT 1 FROM delivery_signature s WHERE s.delivery_id = t.number) ORDER BY t.link;

-- ---- small facts: table, two keys, and what is wrong

-- Instants that rows have from the run that wrote them, and that no link bears out. From the first batch on whose chain
-- begins with its reading (action 3) there is a link for each: of a delivery its receipt (2), of one that is read again
-- the act (21); of a batch the beginning of its chain, the bank's answer (7) that it goes on from, or the act (21) that
-- corrects; of a use the decision (4) of its slice. Before that only instants after the trail's first link are judged.
-- name: audit_times
WITH whole AS (SELECT COALESCE((SELECT t.chain FROM trail_link t WHERE t.link = 1 AND t.chain > 0 AND t.action = 3
    ORDER BY t.chain LIMIT 1), 9223372036854775807) AS batch,
  COALESCE((SELECT MIN(t.number) FROM trail_link t WHERE t.chain = 0 AND t.action = 2), 9223372036854775807) AS delivery,
  COALESCE((SELECT f.at FROM trail_link f WHERE f.chain = 0 AND f.link = 1), 9223372036854775807) AS first),
received AS MATERIALIZED (SELECT number, action, at FROM trail_link WHERE chain = 0 AND action IN (2, 21))
SELECT 'delivery', d.delivery_id, 0, 'received_at is not the instant of its link in the trail' FROM delivery d, whole w
WHERE d.delivery_id >= w.delivery
  AND (d.delivery_id, CASE WHEN d.replays = 0 THEN 2 ELSE 21 END, d.received_at) NOT IN (SELECT number, action, at FROM received)
UNION ALL SELECT 'batch', b.batch_id, 0, 'created_at is not the instant of its beginning in the trail' FROM batch b, whole w
WHERE b.batch_id >= w.batch AND CASE b.origin
  WHEN 1 THEN NOT EXISTS (SELECT 1 FROM trail_link t WHERE t.chain = b.batch_id AND t.link = 1 AND t.at = b.created_at)
  WHEN 3 THEN NOT EXISTS (SELECT 1 FROM payment_return r JOIN trail_link t ON t.chain = r.from_slice_id >> 14
    WHERE r.slice_id = (b.batch_id << 14) + 1 AND r.n = 1 AND t.action = 7 AND t.number = b.delivery_id AND t.at = b.created_at)
  WHEN 4 THEN NOT EXISTS (SELECT 1 FROM payment_replay r JOIN trail_link t ON t.chain = r.from_slice_id >> 14
    WHERE r.slice_id = (b.batch_id << 14) + 1 AND r.n = 1 AND t.action = 21 AND t.at = b.created_at)
  ELSE 1 = 0 END
UNION ALL SELECT 'batch', b.batch_id, 0, 'created_at is no instant of the trail' FROM batch b, whole w
WHERE b.batch_id < w.batch AND b.created_at NOT IN (SELECT at FROM trail_link) AND b.created_at >= w.first
UNION ALL SELECT 'out_file', o.file_id, 0, 'created_at is no instant of the trail' FROM out_file o, whole w
WHERE o.created_at NOT IN (SELECT at FROM trail_link) AND NOT EXISTS (SELECT 1 FROM trail_link r WHERE r.action IN (27, 28))
  AND (o.created_at >= w.first OR o.batch_id >= w.batch OR o.delivery_id >= w.delivery)
UNION ALL SELECT 'claim_use', u.slice_id, u.n, 'used_at is no instant of a decision about its slice in the trail'
FROM claim_use u, whole w
WHERE (u.slice_id >> 14 >= w.batch OR u.used_at >= w.first)
  AND (u.slice_id, u.used_at) NOT IN (SELECT t.slice_id, t.at FROM trail_link t WHERE t.action = 4 AND t.chain = t.slice_id >> 14)
UNION ALL SELECT 'claim_use', u.slice_id, u.n, 'given_back_at is no instant of its batch in the trail' FROM claim_use u, whole w
WHERE u.given_back_at IS NOT NULL
  AND (u.slice_id >> 14, u.given_back_at) NOT IN (SELECT t.chain, t.at FROM trail_link t)
  AND (u.slice_id >> 14 >= w.batch OR u.given_back_at >= w.first)
UNION ALL SELECT 'claim_use', u.slice_id, u.n, 'given_back_at does not go with its state' FROM claim_use u
WHERE (u.state = 2) <> (u.given_back_at IS NOT NULL);

-- A look (action 60) has its slice and the seq of the payment: its row is of that payee; a payee's look has its row. Whose
-- payments they were is gone when a batch is erased.
-- name: audit_looks
SELECT 'trail_holder', h.chain, h.link, 'it is of no look at that payee in the trail' FROM trail_holder h
WHERE NOT EXISTS (SELECT 1 FROM trail_link t WHERE t.chain = h.chain AND t.link = h.link AND t.action = 60
  AND (t.slice_id = 0 OR t.chain IN (SELECT e.batch_id FROM batch_erased e) OR EXISTS (SELECT 1 FROM payment p WHERE p.slice_id = t.slice_id AND p.seq = t.number
    AND p.holder_key = h.holder_key AND p.holder_check = h.holder_check)))
UNION ALL SELECT 'trail_holder', t.chain, t.link, 'a look at a payee has no row, or two' FROM trail_link t
JOIN payment p ON p.slice_id = t.slice_id AND p.seq = t.number AND p.holder_kind <> 0
WHERE t.action = 60 AND (SELECT COUNT(*) FROM trail_holder h WHERE h.chain = t.chain AND h.link = t.link) <> 1;

-- An answer is ODD (state 6) when something odd is stored of it; kinds are numbered from 1.
-- name: audit_odds
SELECT 'delivery_odd', o.delivery_id, o.kind, 'its delivery is not ODD, or its kind or count is none' FROM delivery_odd o
WHERE o.kind < 1 OR o.kind >= :odds OR o.times < 1
  OR NOT EXISTS (SELECT 1 FROM delivery d WHERE d.delivery_id = o.delivery_id AND d.state = 6)
UNION ALL SELECT 'delivery_odd', d.delivery_id, 0, 'the row is missing: its delivery is ODD' FROM delivery d
WHERE d.state = 6 AND NOT EXISTS (SELECT 1 FROM delivery_odd o WHERE o.delivery_id = d.delivery_id);

-- Columns whose values are few, or said twice. Batches: kind 1 order, mode 1 live, origin 1 sender, state 2 accepted,
-- 3 refused. Deliveries: 3 accepted, 4 refused; source 2 a central. Slices: 2 waiting. Action 7 is an answer, 23 delivered
-- by hand. Groups: 42 and 43 say why a date was moved. Files: kind 1 order, 2 receipt, 3 status report, 4 manifest.
-- name: audit_flags
SELECT 'batch', b.batch_id, 0, 'kind or mode is none that moves money' FROM batch b WHERE b.kind <> 1 OR b.mode <> 1
UNION ALL SELECT 'batch', b.batch_id, 0, 'reason does not go with its state' FROM batch b
WHERE b.state IN (2, 3) AND (b.state = 3) <> (b.reason <> 0)
UNION ALL SELECT 'batch', b.batch_id, 0, 'reason, version or encoding is not its delivery''s' FROM batch b
JOIN delivery d ON d.delivery_id = b.delivery_id
WHERE b.origin = 1 AND b.state IN (2, 3) AND (b.reason <> d.reason OR b.version <> d.version OR b.encoding <> d.encoding)
UNION ALL SELECT 'batch', b.batch_id, 0, 'version or encoding is not that of the batch it carries on' FROM batch b
JOIN payment_return r ON r.slice_id = (b.batch_id << 14) + 1 AND r.n = 1
JOIN batch f ON f.batch_id = r.from_slice_id >> 14
WHERE b.origin = 3 AND (b.version <> f.version OR b.encoding <> f.encoding)
UNION ALL SELECT 'delivery', d.delivery_id, 0, 'reason does not go with its state' FROM delivery d
WHERE (d.state = 3 AND d.reason <> 0) OR (d.state = 4 AND d.reason = 0)
UNION ALL SELECT 'delivery', d.delivery_id, 0, 'answered is neither yes nor no' FROM delivery d WHERE d.answered NOT IN (0, 1)
UNION ALL SELECT 'batch_group', g.batch_id, g.number, 'moved is no reason for another day' FROM batch_group g
WHERE g.moved NOT IN (0, 42, 43)
UNION ALL SELECT 'out_file', o.file_id, 0, 'answered is none of its kind' FROM out_file o
WHERE o.answered < 0 OR o.answered > 2 OR (o.kind <> 1 AND o.answered <> 0)
UNION ALL SELECT 'out_file', o.file_id, 0, 'by_hand, but the trail has nothing handed out by a person' FROM out_file o
WHERE o.by_hand <> 0 AND o.state = 3 AND o.batch_id NOT IN (SELECT t.chain FROM trail_link t WHERE t.action = 23)
UNION ALL SELECT 'out_file', o.file_id, 0, 'detail is none of its kind' FROM out_file o
WHERE (o.kind IN (2, 4) AND o.detail <> '')
  OR (o.kind = 3 AND o.detail NOT IN ('checked', 'routed', 'routed late', 'answer', 'stopped'))
UNION ALL SELECT 'out_file', o.file_id, 0, 'detail, but what it tells of is not so often in the trail of its batch' FROM out_file o
JOIN (SELECT f.batch_id, CASE WHEN f.detail IN ('routed', 'routed late') THEN 5 WHEN f.detail = 'answer' THEN 7 ELSE 20 END AS action,
    COUNT(*) AS files, MAX(f.file_id) AS file_id FROM out_file f WHERE f.kind = 3 AND f.detail <> 'checked' GROUP BY 1, 2) k
  ON k.file_id = o.file_id
WHERE EXISTS (SELECT 1 FROM trail_link t WHERE t.chain = o.batch_id AND t.link = 1 AND t.action IN (3, 4))
  AND k.files > (SELECT COUNT(*) FROM trail_link t WHERE t.chain = o.batch_id AND t.action = k.action AND (t.action <> 5 OR t.number = 0))
UNION ALL SELECT 'out_file', o.file_id, 0, 'detail, but it was not made after the receipt of its batch' FROM out_file o
WHERE o.kind = 3 AND o.detail = 'checked' AND NOT EXISTS (SELECT 1 FROM out_file r JOIN batch b ON b.delivery_id = r.delivery_id
  WHERE r.file_id = o.file_id - 1 AND r.kind = 2 AND b.batch_id = o.batch_id)
UNION ALL SELECT 'out_file', o.file_id, 0, 'detail does not go with the answers told of before' FROM out_file o
WHERE o.kind = 3 AND o.detail IN ('routed', 'routed late') AND (o.detail = 'routed late') <> EXISTS (SELECT 1 FROM out_file a
  WHERE a.batch_id = o.batch_id AND a.kind = 3 AND a.detail = 'answer' AND a.file_id < o.file_id)
UNION ALL SELECT 'out_file', o.file_id, 0, 'it tells of an answer or a stop, but batch_told has no row of its batch' FROM out_file o
WHERE o.kind = 3 AND o.detail IN ('answer', 'stopped') AND NOT EXISTS (SELECT 1 FROM batch_told t WHERE t.batch_id = o.batch_id)
UNION ALL SELECT 'batch_told', t.batch_id, 0, 'a count is below zero, or the trail of its batch has no answer and no stop' FROM batch_told t
WHERE t.settled < 0 OR t.returned < 0 OR t.quiet < 0 OR (t.settled + t.returned > 0 AND EXISTS (SELECT 1 FROM trail_link l
    WHERE l.chain = t.batch_id AND l.link = 1 AND l.action IN (3, 4))
  AND NOT EXISTS (SELECT 1 FROM trail_link l WHERE l.chain = t.batch_id AND l.action IN (7, 20)))
UNION ALL SELECT 'batch_erased', e.batch_id, 0, 'done is neither yes nor no' FROM batch_erased e WHERE e.done NOT IN (0, 1)
UNION ALL SELECT 'batch_erased', e.batch_id, 0, 'erased_at is not the instant of its link in the trail' FROM batch_erased e
WHERE NOT EXISTS (SELECT 1 FROM trail_link t WHERE t.chain = e.batch_id AND t.action = 25 AND t.at = e.erased_at)
UNION ALL SELECT 'out_file', o.file_id, 0, 'answered, but the trail of its batch has no answer of a bank' FROM out_file o
WHERE o.kind = 1 AND o.answered > 0 AND o.batch_id NOT IN (SELECT t.chain FROM trail_link t WHERE t.action = 7)
  AND o.created_at >= (SELECT f.at FROM trail_link f WHERE f.chain = 0 AND f.link = 1)
UNION ALL SELECT 'delivery', d.delivery_id, 0, 'version or encoding is none of an answer' FROM delivery d
WHERE d.source = 2 AND (d.version <> 0 OR d.encoding <> 0)
UNION ALL SELECT 'slice', s.slice_id, 0, 'generation is not one after its last decision' FROM slice s
WHERE s.state IN (1, 2) AND s.generation <> 1 + (SELECT COALESCE(MAX(e.generation), 0) FROM slice_decision e
  WHERE e.slice_id = s.slice_id)
UNION ALL SELECT 'out_file', o.file_id, 0, 'control_sum is not its batch''s' FROM out_file o
JOIN batch b ON (o.kind = 3 AND b.batch_id = o.batch_id) OR (o.kind = 2 AND b.delivery_id = o.delivery_id AND b.origin = 1)
WHERE o.state > 1 AND o.repeats = 0 AND b.state IN (2, 3) AND o.control_sum <> b.control_sum
UNION ALL SELECT 'out_file', o.file_id, 0, 'entries or control_sum, but it is the receipt of no payment' FROM out_file o
WHERE o.kind = 2 AND o.state > 1 AND (o.entries <> 0 OR o.control_sum <> '0.00') AND (o.repeats <> 0 OR NOT EXISTS
  (SELECT 1 FROM batch b WHERE b.delivery_id = o.delivery_id AND b.origin = 1))
UNION ALL SELECT 'out_file', o.file_id, 0, 'entries, but its file was refused' FROM out_file o
JOIN batch b ON b.delivery_id = o.delivery_id AND b.origin = 1
WHERE o.kind = 2 AND o.state > 1 AND b.state = 3 AND o.entries <> 0
UNION ALL SELECT 'trail_day', t.day, t.chain, 'sealed is neither yes nor no' FROM trail_day t WHERE t.sealed NOT IN (0, 1)
UNION ALL SELECT 'trail_day', t.day, t.chain, 'there is no such chain' FROM trail_day t
WHERE NOT EXISTS (SELECT 1 FROM trail_link l WHERE l.chain = t.chain);

-- ---- reports

-- Written receipts and status reports of accepted batches (kinds 2, 3) with: whether it is the newest of its batch; whether
-- it tells of a bank's answer, and all that was told is in it; the batch's payments; rejected at receipt; rejected or
-- stopped now; settled and come back now, by the leg that decides (the payee's; where debts took all, the first debt);
-- settled payments that were told; of those that are final, how many rest or rested on the ventekonto; whether nothing of
-- the batch is left and every report that was due was written.
-- name: audit_reports
SELECT o.file_id, o.kind, b.batch_id, o.entries,
  o.kind = 3 AND NOT EXISTS (SELECT 1 FROM out_file x WHERE x.batch_id = b.batch_id AND x.kind = 3 AND x.file_id > o.file_id),
  o.kind = 3 AND o.detail = 'answer', b.payments, b.rejected, COALESCE(p.rejected, 0), COALESCE(l.settled, 0),
  COALESCE(l.back, 0), COALESCE(t.settled, 0), COALESCE(l.resting, 0),
  o.kind = 3 AND o.detail = 'routed' AND COALESCE(t.quiet, 0) = 0
    AND NOT EXISTS (SELECT 1 FROM slice s WHERE s.slice_id >> 14 = b.batch_id AND s.slice_id BETWEEN (b.batch_id << 14) + 1
      AND (b.batch_id << 14) + 16383 AND s.state <> 6),
  b.control_sum
FROM out_file o
JOIN batch b ON (o.kind = 3 AND b.batch_id = o.batch_id) OR (o.kind = 2 AND b.delivery_id = o.delivery_id AND b.origin = 1)
LEFT JOIN batch_told t ON t.batch_id = b.batch_id
LEFT JOIN (SELECT slice_id >> 14 AS batch_id, COUNT(*) AS rejected FROM payment WHERE state IN (2, 3) GROUP BY 1) p
  ON p.batch_id = b.batch_id
LEFT JOIN (SELECT s.slice_id >> 14 AS batch_id, COUNT(CASE WHEN l.state = 3 THEN 1 END) AS settled,
    COUNT(CASE WHEN l.state IN (4, 5, 6) THEN 1 END) AS back,
    COUNT(CASE WHEN l.kind = 3 AND l.state >= 3 THEN 1 END) AS resting
  FROM slice s JOIN leg l ON l.slice_id = s.slice_id AND l.generation = s.generation
  WHERE l.kind <> 2 OR (l.leg_no = 1 AND NOT EXISTS (SELECT 1 FROM leg k WHERE k.slice_id = l.slice_id AND k.n = l.n
    AND k.generation = l.generation AND k.kind <> 2))
  GROUP BY 1) l ON l.batch_id = b.batch_id
WHERE o.kind IN (2, 3) AND o.state > 1 AND o.repeats = 0 AND b.state = 2
ORDER BY o.file_id;

-- What was told of a batch, and what is so now; a stopped payment has no legs any more when its slice was decided again.
-- name: audit_told
SELECT t.batch_id, t.settled, t.returned, COALESCE(l.settled, 0), COALESCE(l.back, 0) + COALESCE(p.stopped, 0),
  EXISTS (SELECT 1 FROM batch b WHERE b.batch_id = t.batch_id AND b.state = 2)
FROM batch_told t
LEFT JOIN (SELECT s.slice_id >> 14 AS batch_id, COUNT(CASE WHEN l.state = 3 THEN 1 END) AS settled,
    COUNT(CASE WHEN l.state IN (4, 5, 6) THEN 1 END) AS back
  FROM slice s JOIN leg l ON l.slice_id = s.slice_id AND l.generation = s.generation
  WHERE l.kind <> 2 OR (l.leg_no = 1 AND NOT EXISTS (SELECT 1 FROM leg k WHERE k.slice_id = l.slice_id AND k.n = l.n
    AND k.generation = l.generation AND k.kind <> 2))
  GROUP BY 1) l ON l.batch_id = t.batch_id
LEFT JOIN (SELECT slice_id >> 14 AS batch_id, COUNT(*) AS stopped FROM payment WHERE state = 3 GROUP BY 1) p
  ON p.batch_id = t.batch_id
ORDER BY t.batch_id;

-- Legs (3 settled, 4 rejected, 5 returned, 6 stopped) without a link of an answer (action 7) in their batch's chain, whose
-- reason does not go with their state, or that were told of too early or in a report that is not there. Before the trail
-- there were no links.
-- name: audit_legs_told
SELECT k.slice_id, k.n, k.generation, k.leg_no, k.unanswered, k.unreasoned, k.untold FROM (
  SELECT l.slice_id, l.n, l.generation, l.leg_no,
    l.state IN (3, 4, 5) AND l.slice_id >> 14 IN (SELECT t.chain FROM trail_link t)
      AND l.slice_id >> 14 NOT IN (SELECT t.chain FROM trail_link t WHERE t.action = 7) AS unanswered,
    (l.state IN (4, 5)) <> (l.reason <> 0) AND l.state <> 6 AS unreasoned,
    l.told <> 0 AND (l.state < 3 OR l.told < 0 OR l.told > (SELECT COUNT(*) + 1 FROM out_file o
      WHERE o.batch_id = l.slice_id >> 14 AND o.kind = 3)) AS untold
  FROM leg l WHERE l.state >= 3 OR l.told <> 0 OR l.reason <> 0) k
WHERE k.unanswered OR k.unreasoned OR k.untold ORDER BY k.slice_id, k.n, k.generation, k.leg_no;

-- name: audit_trail_day_chains
SELECT COUNT(*), MIN(sealed) FROM trail_day WHERE day = :day;

-- name: audit_erase_links
SELECT COUNT(*) FROM trail_link WHERE chain = :chain AND action = :action;

-- name: audit_erased_stray
SELECT e.batch_id FROM batch_erased e WHERE NOT EXISTS (SELECT 1 FROM batch b WHERE b.batch_id = e.batch_id)
ORDER BY e.batch_id;

-- name: audit_erased_rows
SELECT (SELECT COUNT(*) FROM slice_details d WHERE d.slice_id BETWEEN :first AND :last),
  (SELECT COUNT(*) FROM slice_decision d WHERE d.slice_id BETWEEN :first AND :last AND length(d.decisions) <> 32),
  (SELECT COUNT(*) FROM payment p WHERE p.slice_id BETWEEN :first AND :last
    AND (p.holder_kind <> 0 OR p.holder_key <> 0 OR p.holder_check <> 0));

-- name: audit_trail_days
SELECT day, MIN(sealed) FROM trail_day GROUP BY day ORDER BY day;
