-- migration: 1
CREATE TABLE delivery(
  delivery_id {id} PRIMARY KEY,
  source {int} NOT NULL,
  party {text} NOT NULL,
  name {bytes} NOT NULL,
  name_key {id} NOT NULL,
  hash {bytes} NOT NULL,
  hash_key {id} NOT NULL,
  bytes {id} NOT NULL,
  received_at {time} NOT NULL,
  state {int} NOT NULL,
  reason {int} NOT NULL,
  repeats {id} NOT NULL,
  answered {bool} NOT NULL,
  version {int} NOT NULL,
  encoding {int} NOT NULL,
  findings {bytes} NOT NULL
){table_options};
CREATE INDEX delivery_state ON delivery(state, delivery_id);
CREATE INDEX delivery_hash ON delivery(hash_key);
CREATE INDEX delivery_answer ON delivery(answered, delivery_id);
CREATE TABLE out_file(
  file_id {id} PRIMARY KEY,
  kind {int} NOT NULL,
  folder {int} NOT NULL,
  party {text} NOT NULL,
  name {text} NOT NULL,
  message_id {text} NOT NULL,
  batch_id {id} NOT NULL,
  delivery_id {id} NOT NULL,
  number {int} NOT NULL,
  created_at {time} NOT NULL,
  state {int} NOT NULL,
  entries {id} NOT NULL,
  control_sum {text} NOT NULL,
  bytes {id} NOT NULL,
  hash {bytes} NOT NULL,
  business_date {date} NOT NULL,
  repeats {id} NOT NULL,
  detail {text} NOT NULL,
  answered {int} NOT NULL
){table_options};
CREATE UNIQUE INDEX out_file_name ON out_file(folder, party, name);
CREATE INDEX out_file_state ON out_file(state, file_id);
CREATE INDEX out_file_batch ON out_file(batch_id, kind, file_id);
CREATE INDEX out_file_delivery ON out_file(delivery_id, kind);
CREATE INDEX out_file_message ON out_file(message_id);
CREATE INDEX out_file_unanswered ON out_file(file_id) WHERE kind = 1 AND answered < 2;
CREATE TABLE delivery_odd(
  delivery_id {id} NOT NULL,
  kind {int} NOT NULL,
  line {id} NOT NULL,
  times {id} NOT NULL,
  PRIMARY KEY(delivery_id, kind)
){clustered};
CREATE INDEX out_file_day ON out_file(business_date, party, kind);

-- Pinned certificates of senders and centrals, and the signatures that came with deliveries. Versions of a signer are
-- only added; everything beyond the keys is encrypted in terms.
-- migration: 2
CREATE TABLE signer(
  signer_id {id} PRIMARY KEY,
  number {id} NOT NULL,
  version {int} NOT NULL,
  terms {bytes} NOT NULL,
  UNIQUE(number, version)
){table_options};
CREATE TABLE delivery_signature(
  delivery_id {id} PRIMARY KEY,
  verdict {int} NOT NULL,
  signer {id} NOT NULL,
  p7s {bytes} NOT NULL
){table_options};

-- migration: 3
ALTER TABLE delivery ADD COLUMN replays {id} NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN generation {int} NOT NULL DEFAULT 1;

-- What the journal outside the database says: how far it was read (one row), and the files that were published after the
-- state to which this database was restored.
-- migration: 4
CREATE TABLE journal_mark(
  one {int} PRIMARY KEY,
  number {id} NOT NULL,
  bytes {id} NOT NULL,
  check_text {text} NOT NULL,
  state {int} NOT NULL
){table_options};
CREATE TABLE published(
  folder {int} NOT NULL,
  party {text} NOT NULL,
  name {text} NOT NULL,
  kind {int} NOT NULL,
  message_id {text} NOT NULL,
  created_at {time} NOT NULL,
  business_date {date} NOT NULL,
  bytes {id} NOT NULL,
  hash {bytes} NOT NULL,
  source {bytes} NOT NULL,
  line {id} NOT NULL,
  PRIMARY KEY(folder, party, name)
){clustered};
CREATE INDEX published_source ON published(source);

-- When spool or archive copy were destroyed; negative while they are being destroyed; 0: they are there.
-- migration: 5
ALTER TABLE delivery ADD COLUMN erased_at {time} NOT NULL DEFAULT 0;
ALTER TABLE out_file ADD COLUMN erased_at {time} NOT NULL DEFAULT 0;

-- A file that was handed out by a person: a number made of where to; 0: it was not.
-- migration: 6
ALTER TABLE out_file ADD COLUMN by_hand {id} NOT NULL DEFAULT 0;

-- What was done after the state to which the home was put back (lost.h), and what a journal's line says of an order file's
-- content.
-- migration: 7
CREATE TABLE lost_work(
  line {id} PRIMARY KEY,
  kind {int} NOT NULL,
  at {time} NOT NULL,
  party {text} NOT NULL,
  hash {bytes} NOT NULL,
  generation {int} NOT NULL,
  outcome {text} NOT NULL,
  state {int} NOT NULL
){table_options};
CREATE INDEX lost_work_waiting ON lost_work(state, line);
CREATE INDEX lost_work_hash ON lost_work(hash);
ALTER TABLE published ADD COLUMN settled {bool} NOT NULL DEFAULT 0;
ALTER TABLE published ADD COLUMN entries {id} NOT NULL DEFAULT 0;
ALTER TABLE published ADD COLUMN control_sum {text} NOT NULL DEFAULT '';
ALTER TABLE published ADD COLUMN unfinished {bool} NOT NULL DEFAULT 0;

-- name: lost_insert
INSERT INTO lost_work(line, kind, at, party, hash, generation, outcome, state)
VALUES (:line, :kind, :at, :party, :hash, :generation, :outcome, :state);

-- name: lost_update
UPDATE lost_work SET outcome = :outcome, at = :at
WHERE kind = :kind AND party = :party AND hash = :hash AND generation = :generation AND state = 1;

-- name: lost_import_update
UPDATE lost_work SET line = :line, at = :at WHERE kind = :kind AND outcome = :outcome AND state = 1;

-- name: lost_last
SELECT line FROM lost_work WHERE kind = :kind AND outcome = :outcome AND state = 1
  AND line = (SELECT MAX(line) FROM lost_work);

-- name: lost_head
SELECT line, kind, at, party, hash, generation, outcome FROM lost_work WHERE state = 1 ORDER BY line LIMIT 1;

-- name: lost_count
SELECT COUNT(*) FROM lost_work WHERE state = 1;

-- name: lost_move
UPDATE lost_work SET state = :to WHERE line = :line AND state = 1;

-- name: lost_act_begins
SELECT line FROM lost_work WHERE kind = :act AND state = 1 AND substr(outcome, 1, CAST(:length AS {int})) = :begins ORDER BY line LIMIT 1;

-- name: lost_act_find
SELECT line FROM lost_work WHERE kind = :act AND state = 1 AND outcome = :outcome ORDER BY line LIMIT 1;

-- name: out_file_handed
UPDATE out_file SET by_hand = :by_hand WHERE file_id = :file_id;

-- name: delivery_erase
UPDATE delivery SET name = :name, findings = :none, erased_at = :now WHERE delivery_id = :delivery_id;

-- name: delivery_erased
SELECT erased_at FROM delivery WHERE delivery_id = :delivery_id;

-- name: out_file_erase
UPDATE out_file SET erased_at = :now WHERE file_id = :file_id;

-- name: out_file_next_kept
SELECT file_id FROM out_file
WHERE erased_at <= 0 AND file_id > :after AND (batch_id = :batch_id AND :batch_id <> 0
  OR delivery_id = :delivery_id AND :delivery_id <> 0)
ORDER BY file_id LIMIT 1;

-- name: out_file_waiting
SELECT COUNT(*) FROM out_file f
WHERE f.state < 3 AND (f.batch_id = :batch_id AND :batch_id <> 0 OR f.delivery_id = :delivery_id AND :delivery_id <> 0
  OR EXISTS (SELECT 1 FROM out_file g WHERE g.file_id = f.repeats AND g.delivery_id = :delivery_id AND :delivery_id <> 0));

-- name: delivery_next_kept
SELECT delivery_id FROM delivery
WHERE erased_at <= 0 AND delivery_id > :after AND received_at < :before AND state >= :first_state
ORDER BY delivery_id LIMIT 1;

-- name: journal_mark_load
SELECT number, bytes, check_text, state FROM journal_mark WHERE one = 1;

-- name: journal_mark_insert
INSERT INTO journal_mark(one, number, bytes, check_text, state) VALUES (1, :number, :bytes, :check_text, :state);

-- name: journal_mark_update
UPDATE journal_mark SET number = :number, bytes = :bytes, check_text = :check_text, state = :state WHERE one = 1;

-- name: published_insert
INSERT INTO published(folder, party, name, kind, message_id, created_at, business_date, bytes, hash, source, line, entries,
  control_sum)
VALUES (:folder, :party, :name, :kind, :message_id, :created_at, :business_date, :bytes, :hash, :source, :line, :entries,
  :control_sum);

-- Order files of a source that this database has not (yet) made again byte for byte, and its first report when it came to be
-- again with other bytes: later ones tell what banks answered.
-- name: published_unmatched
SELECT COUNT(*), MIN(business_date) FROM published p
WHERE p.source = :source AND p.settled = 0 AND ((p.kind = :order AND NOT EXISTS (SELECT 1 FROM out_file f
    WHERE f.folder = p.folder AND f.party = p.party AND f.name = p.name AND f.hash = p.hash))
  OR (p.kind = :status AND p.name LIKE '%-s0001.xml' AND EXISTS (SELECT 1 FROM out_file f
    WHERE f.folder = p.folder AND f.party = p.party AND f.name = p.name AND f.state > 1 AND f.hash <> p.hash)));

-- name: published_settle
UPDATE published SET settled = 1 WHERE source = :source AND business_date <= :until;

-- name: published_source
SELECT source, business_date FROM published WHERE name = :name AND source <> :none ORDER BY folder, party LIMIT 1;

-- Order files and status reports that left before a line of the journal was written, and are not there again.
-- name: published_before_line
SELECT COUNT(*) FROM published p WHERE p.kind IN (:order, :status) AND p.settled = 0 AND p.line < :line AND NOT EXISTS (SELECT 1 FROM out_file f
  WHERE f.folder = p.folder AND f.party = p.party AND f.name = p.name AND f.state >= :published);

-- The next instant of a day at which a file left before a line of the journal was written, and is not there again.
-- name: published_instant
SELECT MIN(created_at) FROM published p
WHERE p.kind IN (:order, :status, :recall) AND p.settled = 0 AND p.business_date = :day AND p.line < :line AND p.created_at > :after
  AND NOT EXISTS (SELECT 1 FROM out_file f
    WHERE f.folder = p.folder AND f.party = p.party AND f.name = p.name AND f.state >= :published);

-- name: published_unfinished
UPDATE published SET unfinished = :unfinished WHERE name = :name;

-- name: published_unfinished_next
SELECT name FROM published p WHERE p.unfinished = 1 AND p.kind = :kind AND p.name > :after
  AND NOT EXISTS (SELECT 1 FROM out_file f WHERE f.name = p.name AND f.folder = p.folder AND f.answered > 0)
ORDER BY p.name LIMIT 1;

-- Business days on which order files left that are not there again.
-- name: published_next_day
SELECT MIN(business_date), MIN(created_at) FROM published p
WHERE p.kind = :kind AND p.settled = 0 AND p.business_date = (SELECT MIN(q.business_date) FROM published q
  WHERE q.kind = :kind AND q.settled = 0 AND q.business_date > :after AND NOT EXISTS (SELECT 1 FROM out_file f
    WHERE f.folder = q.folder AND f.party = q.party AND f.name = q.name AND f.hash = q.hash));

-- Order files of a central and day that left before the home was put back, and are not there again byte for byte.
-- name: published_only_next
SELECT name, message_id, entries, control_sum, bytes, hash FROM published p
WHERE p.folder = :folder AND p.party = :party AND p.kind = :kind AND p.business_date = :business_date AND p.name > :after
  AND NOT EXISTS (SELECT 1 FROM out_file f WHERE f.folder = p.folder AND f.party = p.party AND f.name = p.name
    AND f.state = :published) AND p.control_sum <> ''
ORDER BY p.name LIMIT 1;

-- name: published_forget_lines
UPDATE published SET line = 0;

-- name: published_first
SELECT created_at, business_date FROM published WHERE source = :source ORDER BY line LIMIT 1;

-- name: published_find
SELECT kind, message_id, created_at, business_date, bytes, hash, line FROM published
WHERE folder = :folder AND party = :party AND name = :name;

-- name: published_last_of_day
SELECT name FROM published
WHERE folder = :folder AND party = :party AND kind = :kind AND business_date = :business_date ORDER BY name DESC LIMIT 1;

-- Files of which this database has no row, the senders first.
-- name: published_unknown
SELECT p.folder, p.party, p.kind, COUNT(*) FROM published p
WHERE NOT EXISTS (SELECT 1 FROM out_file f WHERE f.folder = p.folder AND f.party = p.party AND f.name = p.name)
GROUP BY p.folder, p.party, p.kind ORDER BY p.folder DESC, p.party, p.kind;

-- name: signer_next
SELECT coalesce(max(signer_id), 0), coalesce(max(number), 0) FROM signer;

-- name: signer_insert
INSERT INTO signer(signer_id, number, version, terms) VALUES (:signer_id, :number, :version, :terms);

-- name: signer_newest
SELECT s.signer_id, s.number, s.version, s.terms FROM signer s
WHERE NOT EXISTS (SELECT 1 FROM signer t WHERE t.number = s.number AND t.version > s.version)
ORDER BY s.number;

-- name: delivery_signature_insert
INSERT INTO delivery_signature(delivery_id, verdict, signer, p7s) VALUES (:delivery_id, :verdict, :signer, :p7s);

-- name: delivery_signature_load
SELECT verdict, signer, p7s FROM delivery_signature WHERE delivery_id = :delivery_id;

-- name: delivery_last
SELECT delivery_id FROM delivery ORDER BY delivery_id DESC LIMIT 1;

-- name: delivery_insert
INSERT INTO delivery(delivery_id, source, party, name, name_key, hash, hash_key, bytes, received_at, state, reason, repeats,
  answered, version, encoding, findings, replays, generation)
VALUES (:delivery_id, :source, :party, :name, :name_key, :hash, :hash_key, :bytes, :received_at, :state, :reason, :repeats,
  :answered, 0, 0, :findings, :replays, :generation);

-- name: delivery_load
SELECT source, party, name, hash, bytes, received_at, state, reason, repeats, answered, version, encoding, replays,
  generation
FROM delivery WHERE delivery_id = :delivery_id;

-- name: delivery_next
SELECT delivery_id FROM delivery
WHERE delivery_id > :after AND (:state = 0 OR state = :state) AND (:source = 0 OR source = :source)
ORDER BY delivery_id LIMIT 1;

-- name: delivery_find_taken
SELECT delivery_id FROM delivery WHERE state = :state AND source = :source AND party = :party AND name_key = :name_key
ORDER BY delivery_id LIMIT 1;

-- The newest: of a file that was refused and replayed, the replay gives the answer.
-- name: delivery_find_bytes
SELECT delivery_id FROM delivery
WHERE hash_key = :hash_key AND hash = :hash AND source = :source AND party = :party AND delivery_id < :before
  AND repeats = 0 AND NOT (reason >= :first_unsigned AND reason <= :last_unsigned)
ORDER BY delivery_id DESC LIMIT 1;

-- name: delivery_source_judged
SELECT delivery_id FROM delivery WHERE hash_key = :hash_key AND state > :received LIMIT 1;

-- A reading that waits to be judged.
-- name: delivery_waiting
SELECT delivery_id FROM delivery
WHERE hash_key = :hash_key AND hash = :hash AND source = :source AND party = :party AND generation = :generation
  AND state = :received AND NOT (reason >= :first_unsigned AND reason <= :last_unsigned)
ORDER BY delivery_id LIMIT 1;

-- name: delivery_is_judged
SELECT delivery_id FROM delivery
WHERE hash_key = :hash_key AND hash = :hash AND source = :source AND party = :party AND generation = :generation
  AND state > :received AND repeats = 0 AND NOT (reason >= :first_unsigned AND reason <= :last_unsigned)
ORDER BY delivery_id LIMIT 1;

-- name: delivery_move
UPDATE delivery SET state = :to, reason = :reason, repeats = :repeats, version = :version, encoding = :encoding,
  findings = :findings
WHERE delivery_id = :delivery_id AND state = :from;

-- name: delivery_answered
UPDATE delivery SET answered = 1 WHERE delivery_id = :delivery_id;

-- name: delivery_unanswered
SELECT delivery_id FROM delivery
WHERE answered = 0 AND delivery_id > :after AND source = :source AND state >= :first_state AND state <= :last_state
ORDER BY delivery_id LIMIT 1;

-- name: delivery_findings
SELECT findings FROM delivery WHERE delivery_id = :delivery_id;

-- name: out_file_last
SELECT file_id FROM out_file ORDER BY file_id DESC LIMIT 1;

-- name: out_file_insert
INSERT INTO out_file(file_id, kind, folder, party, name, message_id, batch_id, delivery_id, number, created_at, state, entries,
  control_sum, bytes, hash, business_date, repeats, detail, answered)
VALUES (:file_id, :kind, :folder, :party, :name, :message_id, :batch_id, :delivery_id, :number, :created_at, :state, :entries,
  :control_sum, :bytes, :hash, :business_date, :repeats, :detail, 0);

-- name: out_file_load
SELECT kind, folder, party, name, message_id, batch_id, delivery_id, number, created_at, state, entries, control_sum, bytes,
  hash, business_date, repeats, detail, answered, erased_at, by_hand
FROM out_file WHERE file_id = :file_id;

-- name: out_file_next
SELECT file_id FROM out_file WHERE state = :state AND file_id > :after ORDER BY file_id LIMIT 1;

-- name: out_file_written
UPDATE out_file SET state = :to, entries = :entries, control_sum = :control_sum, bytes = :bytes, hash = :hash
WHERE file_id = :file_id AND state = :from;

-- name: out_file_end
UPDATE out_file SET state = :to, by_hand = :by_hand WHERE file_id = :file_id AND state = :from;

-- name: out_file_answered
UPDATE out_file SET answered = :answered WHERE file_id = :file_id AND answered < :answered;

-- The literals are those of the index.
-- name: out_file_next_unanswered
SELECT file_id FROM out_file WHERE kind = 1 AND answered < 2 AND state = :state AND file_id > :after
ORDER BY file_id LIMIT 1;

-- name: delivery_odd_insert
INSERT INTO delivery_odd(delivery_id, kind, line, times) VALUES (:delivery_id, :kind, :line, :times);

-- name: look_odd
SELECT o.delivery_id, d.party, o.kind, o.line, o.times
FROM delivery_odd o JOIN delivery d ON d.delivery_id = o.delivery_id
WHERE d.received_at >= :since ORDER BY o.delivery_id DESC, o.kind LIMIT :rows;

-- name: out_file_next_of
SELECT file_id FROM out_file
WHERE file_id > :after AND (:batch_id = 0 OR batch_id = :batch_id) AND (:kind = 0 OR kind = :kind)
ORDER BY file_id LIMIT 1;

-- name: out_file_of_delivery
SELECT file_id FROM out_file WHERE delivery_id = :delivery_id AND kind = :kind ORDER BY file_id LIMIT 1;

-- name: out_file_by_message
SELECT file_id FROM out_file WHERE message_id = :message_id AND kind = :kind ORDER BY file_id LIMIT 1;

-- Manifests of one day have the same name at every central, and a repeated receipt has the message id of the first.
-- name: out_file_find
SELECT file_id FROM out_file
WHERE (name = :name OR message_id = :name) AND (:party = '' OR party = :party) ORDER BY file_id LIMIT 2;

-- name: out_file_named
SELECT file_id FROM out_file WHERE folder = :folder AND party = :party AND name = :name;

-- name: out_file_count_batch
SELECT COUNT(*) FROM out_file WHERE batch_id = :batch_id AND kind = :kind;

-- name: out_file_count_day
SELECT COUNT(*) FROM out_file WHERE business_date = :business_date AND party = :party AND kind = :kind;

-- name: out_file_next_day
SELECT file_id FROM out_file
WHERE business_date = :business_date AND party = :party AND kind = :kind AND file_id > :after
ORDER BY file_id LIMIT 1;

-- name: look_deliveries
SELECT source, state, COUNT(*), SUM(bytes) FROM delivery GROUP BY source, state ORDER BY source, state;

-- name: look_received_since
SELECT source, party, COUNT(*) FROM delivery WHERE delivery_id >= :first GROUP BY source, party ORDER BY source, party;

-- name: look_files
SELECT kind, state, COUNT(*), SUM(entries) FROM out_file GROUP BY kind, state ORDER BY kind, state;

-- name: look_delivery_before
SELECT delivery_id FROM delivery WHERE delivery_id < :before AND (:state = 0 OR state = :state)
ORDER BY delivery_id DESC LIMIT 1;

-- name: look_delivery_between
SELECT delivery_id FROM delivery WHERE delivery_id > :after AND received_at >= :from AND received_at < :to
ORDER BY delivery_id LIMIT 1;

-- name: look_party_on
SELECT party FROM out_file WHERE business_date = :business_date AND party > :after ORDER BY party LIMIT 1;

-- name: out_file_count_detail
SELECT COUNT(*) FROM out_file
WHERE batch_id = :batch_id AND kind = :kind AND detail = :detail AND (:state = 0 OR state = :state);
