#!/bin/sh
# jq, one process. It has no trim for spaces alone in version 1.6; the events have one space at most on either side.
set -eu
if [ "$1" = --about ]; then
  version=$(jq --version) || exit 1
  exec printf '{"title": "jq", "version": "%s", "ordered": true}\n' "${version#jq-}"
fi
exec jq -c '
  select(.type == "product.updated") | .payload as $p | {
    id,
    sku: ($p.sku | ltrimstr(" ") | rtrimstr(" ")),
    name: $p.title,
    brand: $p.brand.name,
    price: $p.price,
    list_price: ($p.list_price | tonumber),
    stock: ($p.stock | tonumber),
    status: ({active: "published", draft: "hidden"}[$p.status] // "retired"),
    tag: $p.tags[0],
    description: ($p.description // ""),
    updated_at: $p.updated_at,
    channel: "web"
  }' "$1" > "$2"
