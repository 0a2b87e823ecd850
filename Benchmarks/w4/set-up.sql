-- The source: 100,000 goods, and a function that makes the n-th change of them; the same changes wherever it is asked.
CREATE TABLE goods (id int PRIMARY KEY, sku text NOT NULL, name text NOT NULL, price numeric(10,2) NOT NULL,
  stock int NOT NULL, note text, seq bigint NOT NULL, changed_at timestamptz NOT NULL);
CREATE SEQUENCE numbers;

INSERT INTO goods SELECT id, 'sku-' || id, 'The product with the number ' || id, id % 10000 / 100.0, id % 500,
    CASE WHEN id % 3 > 0 THEN md5(id::text) END, 0, '2026-01-01Z' FROM generate_series(0, 100000) id;

-- Of ten changes one is of the row 0; one is a tick, a new row that is never changed again, so that the transaction that
-- wrote it stays known on both sides; two are deletes, or inserts where the row is gone; six are updates, or inserts where
-- the row is gone.
CREATE FUNCTION change(n bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  k int := 1 + mod(abs(hashint8(n)::bigint), 100000);
BEGIN
  IF n % 10 = 5 THEN
    UPDATE goods SET seq = n, changed_at = clock_timestamp() WHERE id = 0;
    RETURN;
  END IF;
  IF n % 10 IN (1, 2) THEN
    DELETE FROM goods WHERE id = k;
    IF FOUND THEN RETURN; END IF;
  END IF;
  IF n % 10 = 0 THEN
    k := 10000000 + n;
  END IF;
  INSERT INTO goods VALUES (k, 'sku-' || k, 'The product with the number ' || n, n % 10000 / 100.0, n % 500, md5(n::text), n, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, price = EXCLUDED.price, stock = EXCLUDED.stock, seq = EXCLUDED.seq,
      changed_at = EXCLUDED.changed_at;
END $$;

CREATE FUNCTION changes(n int) RETURNS void LANGUAGE sql AS 'SELECT change(nextval(''numbers'')) FROM generate_series(1, n)';

-- So many changes, ten a transaction.
CREATE PROCEDURE load(n int) LANGUAGE plpgsql AS $$
BEGIN
  FOR part IN 1..n / 10 LOOP
    PERFORM changes(10);
    COMMIT;
  END LOOP;
END $$;

CREATE PUBLICATION w4 FOR TABLE goods;
