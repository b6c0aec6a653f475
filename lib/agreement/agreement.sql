-- Agreements' own tables. Nobody else names them.
-- migration: 1
CREATE TABLE agreement_import (
    version {id} NOT NULL PRIMARY KEY,
    imported_at {time} NOT NULL,
    rows {int} NOT NULL,
    added {int} NOT NULL
) {table_options};

-- One row per version of an agreement; everything beyond the keys is encrypted in terms.
CREATE TABLE agreement (
    id {id} NOT NULL PRIMARY KEY,
    sender {text} NOT NULL,
    payer {text} NOT NULL,
    version {int} NOT NULL,
    terms {bytes} NOT NULL,
    UNIQUE (sender, payer, version)
) {table_options};

-- What an import did, encrypted, so that a row that is changed or taken out shows (import/import_record.h).
-- migration: 2
CREATE TABLE agreement_import_record (
    version {id} NOT NULL PRIMARY KEY,
    record {bytes} NOT NULL
) {table_options};

-- name: agreement_next
SELECT (SELECT coalesce(max(version), 0) FROM agreement_import), (SELECT coalesce(max(id), 0) FROM agreement);

-- name: agreement_import_insert
INSERT INTO agreement_import (version, imported_at, rows, added) VALUES (:version, :imported_at, :rows, :added);

-- name: agreement_import_record_insert
INSERT INTO agreement_import_record (version, record) VALUES (:version, :record);

-- name: agreement_newest
SELECT id, version, terms FROM agreement WHERE sender = :sender AND payer = :payer ORDER BY version DESC LIMIT 1;

-- name: agreement_insert
INSERT INTO agreement (id, sender, payer, version, terms) VALUES (:id, :sender, :payer, :version, :terms);

-- name: agreement_all
SELECT id, sender, payer, version, terms FROM agreement;

-- name: agreement_count
SELECT count(*) FROM agreement;

-- Pairs that the file names.
-- name: agreement_named_create
CREATE TEMP TABLE IF NOT EXISTS agreement_named (
    sender {text} NOT NULL,
    payer {text} NOT NULL,
    line BIGINT NOT NULL,
    PRIMARY KEY (sender, payer)
);

-- name: agreement_named_clear
DELETE FROM agreement_named;

-- name: agreement_named_find
SELECT line FROM agreement_named WHERE sender = :sender AND payer = :payer;

-- name: agreement_named_insert
INSERT INTO agreement_named (sender, payer, line) VALUES (:sender, :payer, :line);

-- The next newest version, in the order of ids, of a pair that the file does not name.
-- name: agreement_unnamed_next
SELECT a.id, a.sender, a.payer, a.version, a.terms FROM agreement a
WHERE a.id > :after AND a.id <= :last
  AND NOT EXISTS (SELECT 1 FROM agreement b WHERE b.sender = a.sender AND b.payer = a.payer AND b.version > a.version)
  AND NOT EXISTS (SELECT 1 FROM agreement_named n WHERE n.sender = a.sender AND n.payer = a.payer)
ORDER BY a.id LIMIT 1;
