-- Debts' own tables. Nobody else names them.
-- migration: 1
CREATE TABLE debt_import (
    version {id} NOT NULL PRIMARY KEY,
    imported_at {time} NOT NULL,
    rows {int} NOT NULL,
    added {int} NOT NULL
) {table_options};

CREATE TABLE debt_authority (
    id {id} NOT NULL PRIMARY KEY,
    authority {text} NOT NULL,
    version {int} NOT NULL,
    terms {bytes} NOT NULL,
    UNIQUE (authority, version)
) {table_options};

CREATE TABLE debt_flag (
    holder_key {id} NOT NULL,
    flag_key {id} NOT NULL,
    version {int} NOT NULL,
    holder_check {id} NOT NULL,
    terms {bytes} NOT NULL,
    PRIMARY KEY (holder_key, flag_key, version)
){partition holder_key} {clustered};

CREATE TABLE debt_claim (
    holder_key {id} NOT NULL,
    claim_key {id} NOT NULL,
    version {int} NOT NULL,
    holder_check {id} NOT NULL,
    open_minor {money} NOT NULL,
    as_of {time} NOT NULL,
    terms {bytes} NOT NULL,
    PRIMARY KEY (holder_key, claim_key, version)
){partition holder_key} {clustered};

-- state: 1 active, 2 given back.
CREATE TABLE claim_use (
    holder_key {id} NOT NULL,
    claim_key {id} NOT NULL,
    slice_id {id} NOT NULL,
    n {int} NOT NULL,
    generation {int} NOT NULL,
    leg_no {int} NOT NULL,
    amount_minor {money} NOT NULL,
    used_at {time} NOT NULL,
    state {int} NOT NULL,
    given_back_at {time},
    PRIMARY KEY (holder_key, claim_key, slice_id, n, generation, leg_no)
){partition holder_key} {clustered};

-- What an import did, encrypted, so that a row that is changed or taken out shows (import/import_record.h).
-- migration: 2
CREATE TABLE debt_import_record (
    version {id} NOT NULL PRIMARY KEY,
    record {bytes} NOT NULL
) {table_options};

-- name: debt_next
SELECT (SELECT coalesce(max(version), 0) FROM debt_import), (SELECT coalesce(max(id), 0) FROM debt_authority);

-- name: debt_import_insert
INSERT INTO debt_import (version, imported_at, rows, added) VALUES (:version, :imported_at, :rows, :added);

-- name: debt_import_record_insert
INSERT INTO debt_import_record (version, record) VALUES (:version, :record);

-- name: debt_authorities
SELECT a.id, a.authority, a.version, a.terms FROM debt_authority a
WHERE NOT EXISTS (SELECT 1 FROM debt_authority b WHERE b.authority = a.authority AND b.version > a.version)
ORDER BY a.id;

-- name: debt_authority_insert
INSERT INTO debt_authority (id, authority, version, terms) VALUES (:id, :authority, :version, :terms);

-- Newest version first within a flag or claim: only its first row counts.
-- name: debt_flags_of_holder
SELECT flag_key, version, holder_check, terms FROM debt_flag
WHERE holder_key = :holder_key ORDER BY flag_key DESC, version DESC;

-- name: debt_claims_of_holder
SELECT claim_key, version, holder_check, terms, open_minor, as_of FROM debt_claim
WHERE holder_key = :holder_key ORDER BY claim_key DESC, version DESC;

-- name: debt_uses_of_holder
SELECT claim_key, amount_minor, used_at FROM claim_use WHERE holder_key = :holder_key AND state = 1;

-- A version of a claim from which on it could be used so early: one that was ahead of the clock, from its import on.
-- name: debt_version_before
SELECT v.version FROM debt_claim v JOIN debt_import i ON i.version = v.version
WHERE v.holder_key = :holder_key AND v.claim_key = :claim_key
  AND CASE WHEN v.as_of < i.imported_at THEN v.as_of ELSE i.imported_at - 1 END < :used_at LIMIT 1;

-- name: debt_holders
SELECT holder_key FROM debt_claim UNION ALL SELECT holder_key FROM debt_flag;

-- name: debt_use_insert
INSERT INTO claim_use (holder_key, claim_key, slice_id, n, generation, leg_no, amount_minor, used_at, state)
VALUES (:holder_key, :claim_key, :slice_id, :n, :generation, :leg_no, :amount_minor, :used_at, 1);

-- name: debt_use_give_back
UPDATE claim_use SET state = 2, given_back_at = :now
WHERE holder_key = :holder_key AND claim_key = :claim_key AND slice_id = :slice_id AND n = :n
  AND generation = :generation AND leg_no = :leg_no AND amount_minor = :amount_minor AND state = 1;

-- name: debt_use_state
SELECT state FROM claim_use
WHERE holder_key = :holder_key AND claim_key = :claim_key AND slice_id = :slice_id AND n = :n
  AND generation = :generation AND leg_no = :leg_no AND amount_minor = :amount_minor;

-- name: debt_flag_newest
SELECT flag_key, version, holder_check, terms FROM debt_flag
WHERE holder_key = :holder_key AND flag_key = :key ORDER BY version DESC LIMIT 1;

-- name: debt_flag_insert
INSERT INTO debt_flag (holder_key, flag_key, version, holder_check, terms)
VALUES (:holder_key, :key, :version, :holder_check, :terms);

-- name: debt_claim_newest
SELECT claim_key, version, holder_check, terms, open_minor, as_of FROM debt_claim
WHERE holder_key = :holder_key AND claim_key = :key ORDER BY version DESC LIMIT 1;

-- name: debt_claim_insert
INSERT INTO debt_claim (holder_key, claim_key, version, holder_check, terms, open_minor, as_of)
VALUES (:holder_key, :key, :version, :holder_check, :terms, :open_minor, :as_of);

-- Flags (kind 1) and claims (kind 2) that the file names.
-- name: debt_named_create
CREATE TEMP TABLE IF NOT EXISTS debt_named (
    kind BIGINT NOT NULL,
    holder_key BIGINT NOT NULL,
    record_key BIGINT NOT NULL,
    line BIGINT NOT NULL,
    PRIMARY KEY (kind, holder_key, record_key)
);

-- name: debt_named_clear
DELETE FROM debt_named;

-- name: debt_named_insert
INSERT INTO debt_named (kind, holder_key, record_key, line) VALUES (:kind, :holder_key, :key, :line)
ON CONFLICT DO NOTHING;

-- name: debt_named_find
SELECT line FROM debt_named WHERE kind = :kind AND holder_key = :holder_key AND record_key = :key;

-- The next newest version, in the order of keys, that the file does not name.
-- name: debt_flag_unnamed_next
SELECT f.flag_key, f.version, f.holder_check, f.terms, f.holder_key FROM debt_flag f
WHERE (f.holder_key, f.flag_key) > (:after_holder, :after_key)
  AND NOT EXISTS (SELECT 1 FROM debt_flag g WHERE g.holder_key = f.holder_key AND g.flag_key = f.flag_key
      AND g.version > f.version)
  AND NOT EXISTS (SELECT 1 FROM debt_named n WHERE n.kind = 1 AND n.holder_key = f.holder_key
      AND n.record_key = f.flag_key)
ORDER BY f.holder_key, f.flag_key LIMIT 1;

-- name: debt_claim_unnamed_next
SELECT c.claim_key, c.version, c.holder_check, c.terms, c.open_minor, c.as_of, c.holder_key FROM debt_claim c
WHERE (c.holder_key, c.claim_key) > (:after_holder, :after_key)
  AND NOT EXISTS (SELECT 1 FROM debt_claim d WHERE d.holder_key = c.holder_key AND d.claim_key = c.claim_key
      AND d.version > c.version)
  AND NOT EXISTS (SELECT 1 FROM debt_named n WHERE n.kind = 2 AND n.holder_key = c.holder_key
      AND n.record_key = c.claim_key)
ORDER BY c.holder_key, c.claim_key LIMIT 1;
