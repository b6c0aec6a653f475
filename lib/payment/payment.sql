-- migration: 1
CREATE TABLE batch(
  batch_id {id} PRIMARY KEY,
  delivery_id {id} NOT NULL,
  kind {int} NOT NULL,
  origin {int} NOT NULL,
  mode {int} NOT NULL,
  state {int} NOT NULL,
  reason {int} NOT NULL,
  version {int} NOT NULL,
  encoding {int} NOT NULL,
  agreement_id {id} NOT NULL,
  sender {text} NOT NULL,
  payer {text} NOT NULL,
  ref {text} NOT NULL,
  message_key {id} NOT NULL,
  message_check {id} NOT NULL,
  created_at {time} NOT NULL,
  payments {int} NOT NULL,
  rejected {int} NOT NULL,
  slices {int} NOT NULL,
  groups {int} NOT NULL,
  control_sum {text} NOT NULL,
  wrapped_key {bytes} NOT NULL,
  header {bytes} NOT NULL
){table_options};
CREATE INDEX batch_delivery ON batch(delivery_id);
CREATE INDEX batch_message ON batch(message_key);
CREATE INDEX batch_ref ON batch(ref);
CREATE TABLE batch_group(
  batch_id {id} NOT NULL,
  number {int} NOT NULL,
  payments {int} NOT NULL,
  regnr {int} NOT NULL,
  execution_date {date} NOT NULL,
  moved {int} NOT NULL,
  record {bytes} NOT NULL,
  PRIMARY KEY(batch_id, number)
){clustered};
CREATE TABLE slice(
  slice_id {id} PRIMARY KEY,
  batch_id {id} NOT NULL,
  execution_date {date} NOT NULL,
  due_date {date} NOT NULL,
  state {int} NOT NULL,
  epoch {id} NOT NULL,
  generation {int} NOT NULL,
  payments {int} NOT NULL,
  rejected {int} NOT NULL,
  amount_minor {money} NOT NULL,
  legs {int} NOT NULL,
  legs_hash {bytes} NOT NULL,
  signature {bytes} NOT NULL
){partition slice_id}{table_options};
CREATE INDEX slice_work ON slice(state, slice_id);
CREATE TABLE slice_rows_signature(
  slice_id {id} PRIMARY KEY,
  signature {bytes} NOT NULL
){partition slice_id}{table_options};
CREATE TABLE slice_details(
  slice_id {id} PRIMARY KEY,
  details {bytes} NOT NULL
){partition slice_id}{table_options};
CREATE TABLE slice_decision(
  slice_id {id} NOT NULL,
  generation {int} NOT NULL,
  decisions {bytes} NOT NULL,
  PRIMARY KEY(slice_id, generation)
){partition slice_id}{table_options};
CREATE TABLE payment(
  slice_id {id} NOT NULL,
  n {int} NOT NULL,
  seq {id} NOT NULL,
  grp {int} NOT NULL,
  amount_minor {money} NOT NULL,
  currency {int} NOT NULL,
  state {int} NOT NULL,
  reason {int} NOT NULL,
  flags {int} NOT NULL,
  holder_kind {int} NOT NULL,
  holder_key {id} NOT NULL,
  holder_check {id} NOT NULL,
  PRIMARY KEY(slice_id, n)
){partition slice_id}{clustered};
CREATE TABLE leg(
  slice_id {id} NOT NULL,
  n {int} NOT NULL,
  generation {int} NOT NULL,
  leg_no {int} NOT NULL,
  kind {int} NOT NULL,
  amount_minor {money} NOT NULL,
  central {int} NOT NULL,
  state {int} NOT NULL,
  reason {int} NOT NULL,
  file_id {id} NOT NULL,
  told {int} NOT NULL DEFAULT 0,
  PRIMARY KEY(slice_id, n, generation, leg_no)
){partition slice_id}{clustered};
CREATE TABLE slice_order_total(
  slice_id {id} NOT NULL,
  central {int} NOT NULL,
  grp {int} NOT NULL,
  legs {int} NOT NULL,
  control_sum {text} NOT NULL,
  bytes {id} NOT NULL,
  PRIMARY KEY(slice_id, central, grp)
){partition slice_id}{clustered};
CREATE TABLE slice_status_total(
  slice_id {id} NOT NULL,
  status {text} NOT NULL,
  payments {int} NOT NULL,
  control_sum {text} NOT NULL,
  PRIMARY KEY(slice_id, status)
){partition slice_id}{clustered};
CREATE TABLE batch_told(
  batch_id {id} PRIMARY KEY,
  settled {int} NOT NULL,
  returned {int} NOT NULL,
  quiet {int} NOT NULL
){table_options};
CREATE TABLE reference_run(
  run_id {id} PRIMARY KEY,
  payer {text} NOT NULL,
  sender {text} NOT NULL,
  month {int} NOT NULL,
  tier {int} NOT NULL,
  bits {int} NOT NULL,
  entries {id} NOT NULL
){table_options};
CREATE INDEX reference_run_owner ON reference_run(payer, sender, month, tier);
CREATE INDEX reference_run_month ON reference_run(month);
CREATE TABLE reference_block(
  block_id {id} PRIMARY KEY,
  entries {bytes} NOT NULL
){table_options};
CREATE TABLE payment_return(
  from_slice_id {id} NOT NULL,
  from_n {int} NOT NULL,
  from_generation {int} NOT NULL,
  from_leg_no {int} NOT NULL,
  slice_id {id} NOT NULL,
  n {int} NOT NULL,
  PRIMARY KEY(from_slice_id, from_n, from_generation, from_leg_no)
){partition from_slice_id}{clustered};
CREATE {unique_unsharded} INDEX payment_return_to ON payment_return(slice_id, n);

-- migration: 2
CREATE TABLE payment_replay(
  from_slice_id {id} NOT NULL,
  from_n {int} NOT NULL,
  slice_id {id} NOT NULL,
  n {int} NOT NULL,
  PRIMARY KEY(from_slice_id, from_n)
){partition from_slice_id}{clustered};
CREATE {unique_unsharded} INDEX payment_replay_to ON payment_replay(slice_id, n);

-- Batches whose key is destroyed. `done`: their files are, too.
-- migration: 3
CREATE TABLE batch_erased(
  batch_id {id} PRIMARY KEY,
  erased_at {time} NOT NULL,
  done {bool} NOT NULL
){table_options};

-- name: batch_erased_load
SELECT erased_at, done FROM batch_erased WHERE batch_id = :batch_id;

-- name: batch_erased_insert
INSERT INTO batch_erased(batch_id, erased_at, done) VALUES (:batch_id, :erased_at, 0);

-- name: batch_erased_done
UPDATE batch_erased SET done = 1 WHERE batch_id = :batch_id;

-- name: batch_last_day
SELECT COALESCE(MAX(execution_date), 0) FROM slice WHERE slice_id >= :first AND slice_id <= :last;

-- name: batch_work_left
SELECT COUNT(*) FROM slice
WHERE slice_id >= :first AND slice_id <= :last AND state <> :emitted AND state <> :stopped;

-- name: batch_of_delivery_left
SELECT b.batch_id FROM batch b
WHERE b.delivery_id = :delivery_id AND NOT EXISTS (SELECT 1 FROM batch_erased e WHERE e.batch_id = b.batch_id)
ORDER BY b.batch_id LIMIT 1;

-- name: batch_key_erase
UPDATE batch SET wrapped_key = :none, header = :none WHERE batch_id = :batch_id;

-- name: groups_erase
UPDATE batch_group SET record = :none WHERE batch_id = :batch_id;

-- name: decision_next_stored
SELECT generation, decisions FROM slice_decision WHERE slice_id = :slice_id AND length(decisions) <> :hash_size
ORDER BY generation LIMIT 1;

-- name: decision_erase
UPDATE slice_decision SET decisions = :hash WHERE slice_id = :slice_id AND generation = :generation;

-- name: details_erase
DELETE FROM slice_details WHERE slice_id = :slice_id;

-- name: holders_erase
UPDATE payment SET holder_kind = 0, holder_key = 0, holder_check = 0 WHERE slice_id = :slice_id;

-- name: replayed_insert
INSERT INTO payment_replay(from_slice_id, from_n, slice_id, n) VALUES (:from_slice_id, :from_n, :slice_id, :n);

-- name: replayed_find
SELECT slice_id, n FROM payment_replay WHERE from_slice_id = :from_slice_id AND from_n = :from_n;

-- name: batch_insert
INSERT INTO batch(batch_id, delivery_id, kind, origin, mode, state, reason, version, encoding, agreement_id, sender, payer,
  ref, message_key, message_check, created_at, payments, rejected, slices, groups, control_sum, wrapped_key, header)
VALUES (:batch_id, :delivery_id, :kind, :origin, :mode, :state, :reason, :version, :encoding, :agreement_id, :sender, :payer,
  :ref, :message_key, :message_check, :created_at, :payments, :rejected, :slices, :groups, :control_sum, :wrapped_key, :header);

-- name: batch_update
UPDATE batch SET state = :state, reason = :reason, version = :version, encoding = :encoding, agreement_id = :agreement_id,
  payer = :payer, message_key = :message_key, message_check = :message_check, payments = :payments, rejected = :rejected,
  slices = :slices, groups = :groups, control_sum = :control_sum, header = :header
WHERE batch_id = :batch_id;

-- name: batch_load
SELECT delivery_id, kind, origin, mode, state, reason, version, encoding, agreement_id, sender, payer, ref, message_key,
  message_check, created_at, payments, rejected, slices, groups, control_sum, wrapped_key, header
FROM batch WHERE batch_id = :batch_id;

-- name: batch_delivery_of
SELECT delivery_id FROM batch WHERE batch_id = :batch_id;

-- name: batch_ref_of
SELECT ref FROM batch WHERE batch_id = :batch_id;

-- name: batch_by_ref
SELECT batch_id FROM batch WHERE ref = :ref ORDER BY batch_id LIMIT 1;

-- name: batch_by_delivery
SELECT batch_id FROM batch WHERE delivery_id = :delivery_id ORDER BY batch_id LIMIT 1;

-- name: batch_by_message
SELECT batch_id FROM batch WHERE message_key = :message_key AND message_check = :message_check AND state = :state
ORDER BY batch_id LIMIT 1;

-- name: batch_last
SELECT batch_id FROM batch ORDER BY batch_id DESC LIMIT 1;

-- name: batch_next
SELECT batch_id FROM batch WHERE batch_id > :after ORDER BY batch_id LIMIT 1;

-- name: batch_clear_payments
DELETE FROM payment WHERE slice_id BETWEEN :first AND :last;

-- name: batch_clear_signatures
DELETE FROM slice_rows_signature WHERE slice_id BETWEEN :first AND :last;

-- name: batch_clear_details
DELETE FROM slice_details WHERE slice_id BETWEEN :first AND :last;

-- name: batch_clear_runs
DELETE FROM reference_run WHERE run_id BETWEEN :first AND :last;

-- name: batch_clear_blocks
DELETE FROM reference_block WHERE block_id >= :first << 20 AND block_id < (:last + 1) << 20;

-- name: batch_clear_status_totals
DELETE FROM slice_status_total WHERE slice_id BETWEEN :first AND :last;

-- name: batch_clear_slices
DELETE FROM slice WHERE slice_id BETWEEN :first AND :last;

-- name: batch_clear_groups
DELETE FROM batch_group WHERE batch_id = :batch_id;

-- name: batch_slices_accept
UPDATE slice SET state = :to WHERE slice_id BETWEEN :first AND :last AND state = :from;

-- name: group_insert
INSERT INTO batch_group(batch_id, number, payments, regnr, execution_date, moved, record)
VALUES (:batch_id, :number, :payments, :regnr, :execution_date, :moved, :record);

-- name: group_load
SELECT payments, regnr, execution_date, moved, record FROM batch_group WHERE batch_id = :batch_id AND number = :number;

-- name: group_next_moved
SELECT number FROM batch_group WHERE batch_id = :batch_id AND number > :after AND moved <> 0 ORDER BY number LIMIT 1;

-- name: slice_insert
INSERT INTO slice(slice_id, batch_id, execution_date, due_date, state, epoch, generation, payments, rejected, amount_minor,
  legs, legs_hash, signature)
VALUES (:slice_id, :batch_id, :execution_date, :due_date, :state, :epoch, :generation, :payments, :rejected, :amount_minor,
  0, :legs_hash, :signature);

-- name: slice_load
SELECT batch_id, execution_date, due_date, state, epoch, generation, payments, rejected, legs, legs_hash, signature
FROM slice WHERE slice_id = :slice_id;

-- name: slice_fence
UPDATE slice SET epoch = :epoch WHERE slice_id = :slice_id AND state = :state AND epoch <= :epoch;

-- name: slice_update
UPDATE slice SET state = :to, rejected = :rejected, legs = :legs, legs_hash = :legs_hash, signature = :signature
WHERE slice_id = :slice_id AND state = :from AND epoch = :epoch;

-- name: slice_restart
UPDATE slice SET state = :to, generation = :generation, rejected = :rejected, legs = 0, legs_hash = :none, signature = :none
WHERE slice_id = :slice_id AND state = :from AND epoch = :epoch;

-- name: slice_rejected
UPDATE slice SET rejected = :rejected WHERE slice_id = :slice_id;

-- name: slice_state
UPDATE slice SET state = :to WHERE slice_id = :slice_id AND state = :from;

-- name: slice_next
SELECT slice_id FROM slice WHERE state = :state AND slice_id > :after AND slice_id <= :last AND due_date <= :due_on
ORDER BY slice_id LIMIT 1;

-- name: slice_epoch
SELECT COALESCE(MAX(epoch), 0) FROM slice;

-- name: rows_signature_clear
DELETE FROM slice_rows_signature WHERE slice_id = :slice_id;

-- name: rows_signature_insert
INSERT INTO slice_rows_signature(slice_id, signature) VALUES (:slice_id, :signature);

-- name: rows_signature_load
SELECT signature FROM slice_rows_signature WHERE slice_id = :slice_id;

-- name: details_insert
INSERT INTO slice_details(slice_id, details) VALUES (:slice_id, :details);

-- name: details_load
SELECT details FROM slice_details WHERE slice_id = :slice_id;

-- name: decision_delete
DELETE FROM slice_decision WHERE slice_id = :slice_id AND generation = :generation;

-- name: decision_insert
INSERT INTO slice_decision(slice_id, generation, decisions) VALUES (:slice_id, :generation, :decisions);

-- name: decision_load
SELECT decisions FROM slice_decision WHERE slice_id = :slice_id AND generation = :generation;

-- name: payment_insert
INSERT INTO payment(slice_id, n, seq, grp, amount_minor, currency, state, reason, flags, holder_kind, holder_key, holder_check)
VALUES (:slice_id, :n, :seq, :grp, :amount_minor, :currency, :state, :reason, :flags, :holder_kind, :holder_key, :holder_check);

-- name: payment_load
SELECT n, seq, grp, amount_minor, currency, state, reason, flags, holder_kind, holder_key, holder_check
FROM payment WHERE slice_id = :slice_id ORDER BY n;

-- name: payment_update
UPDATE payment SET state = :state, reason = :reason, flags = :flags, holder_kind = :holder_kind, holder_key = :holder_key,
  holder_check = :holder_check
WHERE slice_id = :slice_id AND n = :n;

-- name: payment_find_seq
SELECT slice_id, n FROM payment WHERE slice_id BETWEEN :first AND :last AND seq = :seq;

-- name: leg_insert
INSERT INTO leg(slice_id, n, generation, leg_no, kind, amount_minor, central, state, reason, file_id)
VALUES (:slice_id, :n, :generation, :leg_no, :kind, :amount_minor, :central, :state, :reason, :file_id);

-- name: leg_load
SELECT n, generation, leg_no, kind, amount_minor, central, state, reason, file_id, told
FROM leg WHERE slice_id = :slice_id AND generation = :generation ORDER BY n, leg_no;

-- name: leg_put_in_file
UPDATE leg SET file_id = :file_id, state = :to
WHERE slice_id = :slice_id AND central = :central AND file_id = 0 AND state = :from
  AND n BETWEEN :from_n AND :to_n
  AND (n > :from_n OR leg_no >= :from_leg) AND (n < :to_n OR leg_no <= :to_leg);

-- name: leg_move
UPDATE leg SET state = :to, reason = :reason, told = 0
WHERE slice_id = :slice_id AND n = :n AND generation = :generation AND leg_no = :leg_no AND state = :from;

-- name: leg_any_in_file
SELECT n FROM leg WHERE slice_id = :slice_id AND file_id = :file_id LIMIT 1;

-- name: order_total_insert
INSERT INTO slice_order_total(slice_id, central, grp, legs, control_sum, bytes)
VALUES (:slice_id, :central, :grp, :legs, :control_sum, :bytes);

-- name: order_total_clear
DELETE FROM slice_order_total WHERE slice_id = :slice_id;

-- name: order_total_load
SELECT grp, legs, control_sum, bytes FROM slice_order_total
WHERE slice_id = :slice_id AND central = :central ORDER BY grp;

-- name: order_total_next_central
SELECT MIN(central) FROM slice_order_total WHERE slice_id = :slice_id AND central > :after;

-- name: status_total_clear
DELETE FROM slice_status_total WHERE slice_id = :slice_id;

-- name: status_total_insert
INSERT INTO slice_status_total(slice_id, status, payments, control_sum)
VALUES (:slice_id, :status, :payments, :control_sum);

-- name: status_total_load
SELECT status, payments, control_sum FROM slice_status_total WHERE slice_id = :slice_id ORDER BY status;

-- name: slice_list
SELECT slice_id, execution_date, due_date, state, payments, rejected, legs FROM slice
WHERE slice_id > :after AND slice_id <= :last ORDER BY slice_id LIMIT 1;

-- name: run_insert
INSERT INTO reference_run(run_id, payer, sender, month, tier, bits, entries)
VALUES (:run_id, :payer, :sender, :month, :tier, :bits, :entries);

-- name: run_insert_block
INSERT INTO reference_block(block_id, entries) VALUES (:block_id, :entries);

-- name: run_of_batch
SELECT run_id, entries, bits FROM reference_run WHERE run_id BETWEEN :first AND :last ORDER BY run_id;

-- name: run_of_history
SELECT run_id, entries, bits FROM reference_run
WHERE payer = :payer AND sender = :sender AND month BETWEEN :from_month AND :to_month
  AND tier BETWEEN :from_tier AND :to_tier
ORDER BY month, run_id;

-- name: run_blocks
SELECT entries FROM reference_block WHERE block_id BETWEEN :first AND :last ORDER BY block_id;

-- name: run_is
SELECT run_id FROM reference_run
WHERE run_id = :run_id AND payer = :payer AND sender = :sender AND month = :month AND entries = :entries;

-- name: run_last
SELECT run_id FROM reference_run ORDER BY run_id DESC LIMIT 1;

-- name: run_delete
DELETE FROM reference_run WHERE run_id = :run_id;

-- name: run_delete_blocks
DELETE FROM reference_block WHERE block_id BETWEEN :first AND :last;

-- name: run_oldest
SELECT run_id FROM reference_run WHERE month < :month AND tier > 0 ORDER BY month, run_id LIMIT 1;

-- name: run_pick_month
SELECT month FROM reference_run
WHERE payer = :payer AND sender = :sender AND month < :month AND tier BETWEEN 1 AND :tiers
GROUP BY month HAVING COUNT(*) > 1 ORDER BY month LIMIT 1;

-- name: run_pick_tier
SELECT tier FROM reference_run
WHERE payer = :payer AND sender = :sender AND month = :month AND tier BETWEEN 1 AND :tiers
GROUP BY tier HAVING COUNT(*) >= :fan ORDER BY tier LIMIT 1;

-- name: look_batches
SELECT state, COUNT(*), SUM(payments), SUM(rejected) FROM batch GROUP BY state ORDER BY state;

-- name: look_slices
SELECT state, COUNT(*), SUM(payments), SUM(rejected) FROM slice GROUP BY state ORDER BY state;

-- name: look_due
SELECT due_date, COUNT(*), SUM(payments) FROM slice WHERE state = :state GROUP BY due_date ORDER BY due_date LIMIT :rows;

-- name: look_outcomes
SELECT p.currency, p.state, s.state, l.kind, l.state, l.file_id, COUNT(*), SUM(p.amount_minor)
FROM slice s JOIN payment p ON p.slice_id = s.slice_id
LEFT JOIN leg l ON l.slice_id = p.slice_id AND l.n = p.n AND l.generation = s.generation AND l.leg_no =
  (SELECT d.leg_no FROM leg d WHERE d.slice_id = p.slice_id AND d.n = p.n AND d.generation = s.generation
   ORDER BY d.kind = :debt, d.leg_no LIMIT 1)
WHERE s.slice_id = :slice_id
GROUP BY p.currency, p.state, s.state, l.kind, l.state, l.file_id
ORDER BY p.currency, p.state, s.state, COALESCE(l.kind, -1), l.state, l.file_id;

-- name: look_parts
SELECT p.currency, p.state, s.state, l.kind, l.state, l.file_id, COUNT(*), SUM(COALESCE(l.amount_minor, p.amount_minor))
FROM slice s JOIN payment p ON p.slice_id = s.slice_id
LEFT JOIN leg l ON l.slice_id = p.slice_id AND l.n = p.n AND l.generation = s.generation
WHERE s.slice_id = :slice_id
GROUP BY p.currency, p.state, s.state, l.kind, l.state, l.file_id
ORDER BY p.currency, p.state, s.state, COALESCE(l.kind, -1), l.state, l.file_id;

-- name: look_exceptions
SELECT p.n, p.seq, p.grp, p.currency, p.amount_minor, p.state, p.reason, s.state, l.state, l.reason, l.amount_minor
FROM slice s JOIN payment p ON p.slice_id = s.slice_id
LEFT JOIN leg l ON l.slice_id = p.slice_id AND l.n = p.n AND l.generation = s.generation
  AND (l.state = :rejected OR l.state = :returned)
WHERE s.slice_id = :slice_id AND (p.state <> :accepted OR p.reason <> 0 OR s.state = :stopped OR l.state IS NOT NULL)
ORDER BY p.n, l.leg_no;

-- name: leg_find
SELECT l.kind, l.amount_minor, l.central, l.state, l.reason, l.file_id, p.currency
FROM leg l JOIN payment p ON p.slice_id = l.slice_id AND p.n = l.n
WHERE l.slice_id = :slice_id AND l.n = :n AND l.generation = :generation AND l.leg_no = :leg_no;

-- name: leg_answer_file
UPDATE leg SET state = :to, reason = :reason, told = 0
WHERE slice_id = :slice_id AND file_id = :file_id AND state = :from
  AND (:grp = 0 OR n IN (SELECT p.n FROM payment p WHERE p.slice_id = :slice_id AND p.grp = :grp));

-- name: leg_of_file
SELECT l.n, l.generation, l.leg_no, l.kind, l.amount_minor, l.state, p.currency, p.grp
FROM leg l JOIN payment p ON p.slice_id = l.slice_id AND p.n = l.n
WHERE l.slice_id = :slice_id AND l.file_id = :file_id ORDER BY l.n, l.generation, l.leg_no;

-- name: return_insert
INSERT INTO payment_return(from_slice_id, from_n, from_generation, from_leg_no, slice_id, n)
VALUES (:from_slice_id, :from_n, :from_generation, :from_leg_no, :slice_id, :n);

-- name: return_of_leg
SELECT slice_id, n FROM payment_return
WHERE from_slice_id = :from_slice_id AND from_n = :from_n AND from_generation = :from_generation
  AND from_leg_no = :from_leg_no;

-- name: return_of_payment
SELECT from_slice_id, from_n, from_generation, from_leg_no FROM payment_return WHERE slice_id = :slice_id AND n = :n;

-- name: leg_count_file
SELECT COUNT(*) FROM leg WHERE slice_id BETWEEN :first AND :last AND file_id = :file_id AND state = :state;

-- name: told_load
SELECT settled, returned, quiet FROM batch_told WHERE batch_id = :batch_id;

-- name: told_clear
DELETE FROM batch_told WHERE batch_id = :batch_id;

-- name: told_insert
INSERT INTO batch_told(batch_id, settled, returned, quiet) VALUES (:batch_id, :settled, :returned, :quiet);

-- name: told_news
SELECT n FROM payment WHERE slice_id = :slice_id AND flags & :at_receipt = 0 AND (:exceptions = 0 OR reason <> 0) LIMIT 1;

-- name: told_legs
SELECT l.state, COUNT(*) FROM slice s JOIN leg l ON l.slice_id = s.slice_id AND l.generation = s.generation
WHERE s.slice_id BETWEEN :first AND :last AND (l.kind <> :debt OR (l.leg_no = 1 AND NOT EXISTS
  (SELECT 1 FROM leg o WHERE o.slice_id = l.slice_id AND o.n = l.n AND o.generation = l.generation AND o.kind <> :debt)))
GROUP BY l.state;

-- name: told_mark
UPDATE leg SET told = :report
WHERE slice_id BETWEEN :first AND :last AND told = 0 AND state IN (:settled, :rejected, :returned, :stopped);

-- name: told_in
SELECT n FROM leg WHERE slice_id = :slice_id AND told = :report LIMIT 1;

-- name: told_groups
SELECT grp, state, reason, flags & :at_receipt, currency, COUNT(*), SUM(amount_minor) FROM payment
WHERE slice_id = :slice_id AND (grp = (SELECT grp FROM payment WHERE slice_id = :slice_id AND n = 1)
  OR grp = (SELECT grp FROM payment WHERE slice_id = :slice_id ORDER BY n DESC LIMIT 1))
GROUP BY grp, state, reason, flags & :at_receipt, currency ORDER BY grp;

-- name: batch_wrapped_next
SELECT batch_id, wrapped_key FROM batch WHERE batch_id > :after AND length(wrapped_key) > 0 ORDER BY batch_id LIMIT 1;

-- name: batch_wrapped_set
UPDATE batch SET wrapped_key = :wrapped_key WHERE batch_id = :batch_id;
