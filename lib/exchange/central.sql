-- Data centrals' own tables. Nobody else names them.
-- migration: 1
CREATE TABLE central_import (
    version {id} NOT NULL PRIMARY KEY,
    imported_at {time} NOT NULL,
    rows {int} NOT NULL,
    added {int} NOT NULL
) {table_options};

-- One row per version of a central; everything beyond the keys is encrypted in terms.
CREATE TABLE central (
    id {id} NOT NULL PRIMARY KEY,
    number {int} NOT NULL,
    version {int} NOT NULL,
    terms {bytes} NOT NULL,
    UNIQUE (number, version)
) {table_options};

-- What an import did, encrypted, so that a row that is changed or taken out shows (import/import_record.h).
-- migration: 2
CREATE TABLE central_import_record (
    version {id} NOT NULL PRIMARY KEY,
    record {bytes} NOT NULL
) {table_options};

-- name: central_next
SELECT (SELECT coalesce(max(version), 0) FROM central_import), (SELECT coalesce(max(id), 0) FROM central),
    (SELECT coalesce(max(number), 0) FROM central);

-- name: central_import_insert
INSERT INTO central_import (version, imported_at, rows, added) VALUES (:version, :imported_at, :rows, :added);

-- name: central_import_record_insert
INSERT INTO central_import_record (version, record) VALUES (:version, :record);

-- name: central_insert
INSERT INTO central (id, number, version, terms) VALUES (:id, :number, :version, :terms);

-- name: central_newest
SELECT c.id, c.number, c.version, c.terms FROM central c
WHERE NOT EXISTS (SELECT 1 FROM central d WHERE d.number = c.number AND d.version > c.version)
ORDER BY c.number;
