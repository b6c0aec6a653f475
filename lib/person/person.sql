-- migration: 1
CREATE TABLE person(
  person_id {id} PRIMARY KEY,
  name {text} NOT NULL,
  ended_at {time} NOT NULL,
  details {bytes} NOT NULL
){table_options};
CREATE INDEX person_name ON person(name, ended_at);
CREATE TABLE proposal(
  proposal_id {id} PRIMARY KEY,
  state {int} NOT NULL,
  details {bytes} NOT NULL
){table_options};

-- name: person_insert
INSERT INTO person(person_id, name, ended_at, details) VALUES (:person_id, :name, :ended_at, :details);

-- name: person_end
UPDATE person SET ended_at = :ended_at, details = :details WHERE person_id = :person_id AND ended_at = 0;

-- name: person_find
SELECT person_id, name, ended_at, details FROM person WHERE name = :name AND ended_at = 0 ORDER BY person_id LIMIT 1;

-- name: person_next
SELECT person_id, name, ended_at, details FROM person WHERE person_id > :after ORDER BY person_id LIMIT 1;

-- name: person_last
SELECT person_id FROM person ORDER BY person_id DESC LIMIT 1;

-- name: person_count
SELECT COUNT(*) FROM person;

-- name: proposal_insert
INSERT INTO proposal(proposal_id, state, details) VALUES (:proposal_id, :state, :details);

-- name: proposal_last
SELECT proposal_id FROM proposal ORDER BY proposal_id DESC LIMIT 1;

-- name: proposal_next
SELECT proposal_id, state, details FROM proposal WHERE proposal_id > :after ORDER BY proposal_id LIMIT 1;

-- name: proposal_decide
UPDATE proposal SET state = :to, details = :details WHERE proposal_id = :proposal_id AND state = :from;
