-- A small shop with foreign keys, for pipelines/shop-mirror.yaml. In the source: all of it. In the mirror: the tables.
CREATE SCHEMA shop;
CREATE TYPE shop.order_state AS ENUM ('open', 'paid', 'sent', 'returned');
CREATE TABLE shop.order_lines (
  order_id bigint NOT NULL,
  line int NOT NULL,
  product_id int NOT NULL,
  quantity int NOT NULL CHECK (quantity > 0),
  price numeric(12, 2) NOT NULL,
  PRIMARY KEY (order_id, line)
);
CREATE TABLE shop.orders (
  id bigint PRIMARY KEY,
  customer_id uuid NOT NULL,
  state shop.order_state NOT NULL,
  placed_at timestamptz NOT NULL,
  delivery jsonb
);
CREATE TABLE shop.products (
  id int PRIMARY KEY,
  category_id int NOT NULL,
  sku text NOT NULL UNIQUE,
  name text NOT NULL,
  price numeric(12, 2) NOT NULL,
  tags text[] NOT NULL DEFAULT '{}'
);
CREATE TABLE shop.categories (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE shop.customers (id uuid PRIMARY KEY, email text NOT NULL, name text);
CREATE TABLE shop.sessions (token text, seen_at timestamptz);
ALTER TABLE shop.order_lines ADD FOREIGN KEY (order_id) REFERENCES shop.orders, ADD FOREIGN KEY (product_id) REFERENCES shop.products;
ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
ALTER TABLE shop.products ADD FOREIGN KEY (category_id) REFERENCES shop.categories;

-- Rows.
INSERT INTO shop.categories SELECT g, 'Category ' || g FROM generate_series(1, 25) g;
INSERT INTO shop.customers SELECT md5('c' || g)::uuid, 'customer' || g || '@example.org', 'Customer ' || g FROM generate_series(1, 2000) g;
INSERT INTO shop.products
  SELECT g, g % 25 + 1, 'sku-' || g, 'Product "' || g || '"', (g * 37 % 10000) / 100.0, ARRAY['t' || g % 7, 'ü,\"']
  FROM generate_series(1, 3000) g;
INSERT INTO shop.orders
  SELECT g, md5('c' || (g % 2000 + 1))::uuid, (ARRAY['open', 'paid', 'sent', 'returned'])[g % 4 + 1]::shop.order_state,
    '2026-01-01'::timestamptz + g * interval '7 minutes', jsonb_build_object('zip', g % 100000, 'note', NULL)
  FROM generate_series(1, 5000) g;
INSERT INTO shop.order_lines
  SELECT g / 3 + 1, g % 3 + 1, g % 3000 + 1, g % 5 + 1, (g % 999) / 10.0 FROM generate_series(0, 14999) g;
INSERT INTO shop.sessions SELECT md5(g::text), now() FROM generate_series(1, 100) g;
