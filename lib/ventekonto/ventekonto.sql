-- The ventekonto's own table. Nobody else names it.
-- migration: 1
CREATE TABLE ventekonto_entry (
    slice_id {id} NOT NULL,
    n {int} NOT NULL,
    generation {int} NOT NULL,
    holder_key {id} NOT NULL,
    holder_check {id} NOT NULL,
    payer {text} NOT NULL,
    amount_minor {money} NOT NULL,
    currency {text} NOT NULL,
    date_in {date} NOT NULL,
    state {int} NOT NULL,
    details {bytes} NOT NULL,
    PRIMARY KEY (slice_id, n, generation)
){partition slice_id} {clustered};

-- name: ventekonto_insert
INSERT INTO ventekonto_entry (slice_id, n, generation, holder_key, holder_check, payer, amount_minor, currency, date_in,
    state, details)
VALUES (:slice_id, :n, :generation, :holder_key, :holder_check, :payer, :amount_minor, :currency, :date_in,
    :state, :details);

-- name: ventekonto_move
UPDATE ventekonto_entry SET state = :to_state
WHERE slice_id = :slice_id AND n = :n AND generation = :generation AND state = :from_state;

-- name: ventekonto_state
SELECT state FROM ventekonto_entry WHERE slice_id = :slice_id AND n = :n AND generation = :generation;

-- name: ventekonto_count
SELECT count(*) FROM ventekonto_entry WHERE slice_id >= :first AND slice_id <= :last AND state = :state;

-- name: ventekonto_erase
UPDATE ventekonto_entry SET holder_key = 0, holder_check = 0, details = :none WHERE slice_id >= :first AND slice_id <= :last;

-- name: ventekonto_balance
SELECT count(*), coalesce(sum(amount_minor), 0) FROM ventekonto_entry WHERE state = :state AND currency = 'DKK';
