-- The register's own tables. Nobody else names them.
-- migration: 1
CREATE TABLE register_import (
    version {id} NOT NULL PRIMARY KEY,
    imported_at {time} NOT NULL,
    rows {int} NOT NULL,
    added {int} NOT NULL
) {table_options};

-- One row per account of a slot and version; no counts the rows of a holder key, from 1, and grows with the version.
-- kind: 1 NEMKONTO, 2 SPECIFIC. valid_from and valid_to -2147483648: no limit. An empty version is one row that is never
-- valid (valid_from 1, valid_to 0).
CREATE TABLE account (
    holder_key {id} NOT NULL,
    no {int} NOT NULL,
    holder_check {id} NOT NULL,
    version {int} NOT NULL,
    kind {int} NOT NULL,
    slot_key {id} NOT NULL,
    valid_from {date} NOT NULL,
    valid_to {date} NOT NULL,
    account {bytes} NOT NULL,
    PRIMARY KEY (holder_key, no)
){partition holder_key} {clustered};

-- One row per version of a holder that was given with its link; parent 0, 0: none.
CREATE TABLE holder (
    holder_key {id} NOT NULL,
    holder_check {id} NOT NULL,
    version {int} NOT NULL,
    kind {int} NOT NULL,
    parent_key {id} NOT NULL,
    parent_check {id} NOT NULL,
    terms {bytes} NOT NULL,
    PRIMARY KEY (holder_key, holder_check, version)
){partition holder_key} {clustered};

-- What an import did, encrypted, so that a row that is changed or taken out shows (import/import_record.h).
-- migration: 2
CREATE TABLE register_import_record (
    version {id} NOT NULL PRIMARY KEY,
    record {bytes} NOT NULL
) {table_options};

-- name: register_version
SELECT coalesce(max(version), 0) FROM register_import;

-- name: register_import_insert
INSERT INTO register_import (version, imported_at, rows, added) VALUES (:version, :imported_at, :rows, :added);

-- name: register_import_record_insert
INSERT INTO register_import_record (version, record) VALUES (:version, :record);

-- Newest first: the first row seen of a slot tells its newest version.
-- name: register_accounts_of_holder
SELECT no, holder_check, version, kind, slot_key, valid_from, valid_to, account
FROM account WHERE holder_key = :holder_key ORDER BY no DESC;

-- name: register_links_of_holder
SELECT holder_check, version, kind, parent_key, parent_check, terms
FROM holder WHERE holder_key = :holder_key ORDER BY holder_check DESC, version DESC;

-- name: register_slot
SELECT no, version, valid_from, valid_to, account FROM account
WHERE holder_key = :holder_key AND holder_check = :holder_check AND kind = :kind AND slot_key = :slot_key
ORDER BY no DESC;

-- name: register_last_no
SELECT coalesce(max(no), 0) FROM account WHERE holder_key = :holder_key;

-- name: register_account_insert
INSERT INTO account (holder_key, no, holder_check, version, kind, slot_key, valid_from, valid_to, account)
VALUES (:holder_key, :no, :holder_check, :version, :kind, :slot_key, :valid_from, :valid_to, :account);

-- name: register_link
SELECT version, kind, parent_key, parent_check, terms FROM holder
WHERE holder_key = :holder_key AND holder_check = :holder_check ORDER BY version DESC LIMIT 1;

-- name: register_link_insert
INSERT INTO holder (holder_key, holder_check, version, kind, parent_key, parent_check, terms)
VALUES (:holder_key, :holder_check, :version, :kind, :parent_key, :parent_check, :terms);

-- name: register_is_empty
SELECT NOT EXISTS (SELECT 1 FROM account) AND NOT EXISTS (SELECT 1 FROM holder);

-- Staging: a file's rows before they are sorted. data is encrypted. kind 0: a link.
-- name: register_stage_create
CREATE TEMP TABLE IF NOT EXISTS register_stage (
    holder_key BIGINT NOT NULL,
    holder_check BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    slot_key BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT NOT NULL,
    line BIGINT NOT NULL,
    data {bytes} NOT NULL
);

-- name: register_stage_clear
DELETE FROM register_stage;

-- name: register_stage_insert
INSERT INTO register_stage (holder_key, holder_check, kind, slot_key, valid_from, valid_to, line, data)
VALUES (:holder_key, :holder_check, :kind, :slot_key, :valid_from, :valid_to, :line, :data);

-- name: register_stage_sorted
SELECT holder_key, holder_check, kind, slot_key, valid_from, valid_to, line, data FROM register_stage
ORDER BY holder_key, holder_check, kind, slot_key, valid_from, line;

-- Slots and links that a file names, kept for `full` only.
-- name: register_named_create
CREATE TEMP TABLE IF NOT EXISTS register_named (
    holder_key BIGINT NOT NULL,
    holder_check BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    slot_key BIGINT NOT NULL,
    PRIMARY KEY (holder_key, holder_check, kind, slot_key)
);

-- name: register_named_clear
DELETE FROM register_named;

-- name: register_named_insert
INSERT INTO register_named (holder_key, holder_check, kind, slot_key)
VALUES (:holder_key, :holder_check, :kind, :slot_key);

-- What `full` ends, found before the first end is written.
-- name: register_ended_create
CREATE TEMP TABLE IF NOT EXISTS register_ended (
    holder_key BIGINT NOT NULL,
    holder_check BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    slot_key BIGINT NOT NULL,
    holder_kind BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- name: register_ended_clear
DELETE FROM register_ended;

-- The last row of a slot belongs to its newest version; an empty version is not ended again.
-- name: register_ended_slots
INSERT INTO register_ended (holder_key, holder_check, kind, slot_key, holder_kind, version)
SELECT a.holder_key, a.holder_check, a.kind, a.slot_key, 0, a.version FROM account a
WHERE NOT (a.valid_from = 1 AND a.valid_to = 0)
  AND NOT EXISTS (SELECT 1 FROM register_named n WHERE n.holder_key = a.holder_key
      AND n.holder_check = a.holder_check AND n.kind = a.kind AND n.slot_key = a.slot_key)
  AND NOT EXISTS (SELECT 1 FROM account b WHERE b.holder_key = a.holder_key AND b.no > a.no
      AND b.holder_check = a.holder_check AND b.kind = a.kind AND b.slot_key = a.slot_key)
ORDER BY a.holder_key, a.no;

-- name: register_ended_links
INSERT INTO register_ended (holder_key, holder_check, kind, slot_key, holder_kind, version)
SELECT h.holder_key, h.holder_check, 0, 0, h.kind, h.version FROM holder h
WHERE NOT (h.parent_key = 0 AND h.parent_check = 0)
  AND NOT EXISTS (SELECT 1 FROM register_named n WHERE n.holder_key = h.holder_key
      AND n.holder_check = h.holder_check AND n.kind = 0 AND n.slot_key = 0)
  AND NOT EXISTS (SELECT 1 FROM holder i WHERE i.holder_key = h.holder_key AND i.holder_check = h.holder_check
      AND i.version > h.version)
ORDER BY h.holder_key;

-- name: register_ended_rows
SELECT holder_key, holder_check, kind, slot_key, holder_kind, version FROM register_ended;
