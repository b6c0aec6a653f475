-- migration: 1
CREATE TABLE trail_link(
  chain {id} NOT NULL,
  link {id} NOT NULL,
  at {time} NOT NULL,
  action {int} NOT NULL,
  slice_id {id} NOT NULL,
  number {id} NOT NULL,
  details {bytes} NOT NULL,
  commitment {bytes} NOT NULL,
  hash {bytes} NOT NULL,
  PRIMARY KEY(chain, link)
){clustered};
CREATE TABLE trail_holder(
  holder_key {id} NOT NULL,
  holder_check {id} NOT NULL,
  chain {id} NOT NULL,
  link {id} NOT NULL,
  PRIMARY KEY(holder_key, holder_check, chain, link)
){partition holder_key}{clustered};

CREATE TABLE trail_day(
  day {date} NOT NULL,
  chain {id} NOT NULL,
  sealed {bool} NOT NULL,
  PRIMARY KEY(day, chain)
){clustered};

-- migration: 2
ALTER TABLE trail_link ADD COLUMN holders {bytes};
CREATE INDEX trail_holder_link ON trail_holder(chain, link);

-- name: trail_last
SELECT link, hash FROM trail_link WHERE chain = :chain ORDER BY link DESC LIMIT 1;

-- name: trail_insert
INSERT INTO trail_link(chain, link, at, action, slice_id, number, details, commitment, hash, holders)
VALUES (:chain, :link, :at, :action, :slice_id, :number, :details, :commitment, :hash, :holders);

-- name: trail_holder_insert
INSERT INTO trail_holder(holder_key, holder_check, chain, link) VALUES (:holder_key, :holder_check, :chain, :link);

-- name: trail_next
SELECT link, at, action, slice_id, number, details, commitment, hash, holders FROM trail_link
WHERE chain = :chain AND link > :after ORDER BY link LIMIT 1;

-- name: trail_next_chain
SELECT chain FROM trail_link WHERE chain > :after ORDER BY chain LIMIT 1;

-- name: trail_day_newest
SELECT day FROM trail_day ORDER BY day DESC LIMIT 1;

-- name: trail_day_add
INSERT INTO trail_day(day, chain, sealed) VALUES (:day, :chain, 0)
ON CONFLICT (day, chain) DO UPDATE SET sealed = 0;

-- name: trail_day_unsealed
SELECT day FROM trail_day WHERE sealed = 0 AND day > :after ORDER BY day LIMIT 1;

-- name: trail_day_chain
SELECT chain FROM trail_day WHERE day = :day AND chain > :after ORDER BY chain LIMIT 1;

-- name: trail_day_sealed
UPDATE trail_day SET sealed = 1 WHERE day = :day;

-- name: trail_next_of_holder
SELECT chain, link FROM trail_holder
WHERE holder_key = :holder_key AND holder_check = :holder_check
  AND (chain > :after_chain OR (chain = :after_chain AND link > :after_link))
ORDER BY chain, link LIMIT 1;

-- name: trail_next_of_action
SELECT link FROM trail_link WHERE chain = :chain AND action = :action AND link > :after ORDER BY link LIMIT 1;

-- name: trail_holders_of_link
SELECT holder_key, holder_check FROM trail_holder WHERE chain = :chain AND link = :link
ORDER BY holder_key, holder_check;

-- name: trail_holder_next
SELECT chain, link FROM trail_holder WHERE chain > :chain OR (chain = :chain AND link > :link)
ORDER BY chain, link LIMIT 1;
