"""The expressions that are measured. They are of the standard, so that every implementation may take part; one that lacks a
function of a library leaves that row out."""

CASES = {
    "compare": "record.payload.status == 'active'",
    "choose": "record.payload.status == 'active' ? 'published' : record.payload.status == 'draft' ? 'hidden' : 'retired'",
    "decide": "record.payload.price > 10.0 && record.payload.price < 500.0 && size(record.payload.sku) > 6",
    "presence": "has(record.payload.dims) && record.payload.dims.w > 20.0",
    "multiply": "record.payload.price * 1.19",
    "to cents": "int(record.payload.price * 100.0)",
    "read int": "int(record.payload.stock) + 1",
    "concatenate": "record.payload.sku + '-' + record.payload.brand.country",
    "search": "record.payload.title.startsWith('Compact') || record.payload.title.contains('Lamp')",
    "pattern": "record.payload.sku.matches('^ *[A-Z]+-[0-9]{3}')",
    "time": "timestamp(record.payload.updated_at) > timestamp('2026-10-10T00:00:00Z')",
    "exists": "record.payload.tags.exists(t, t == 'sale')",
    "filter": "size(record.payload.tags.filter(t, t != 'new'))",
    "map": "record.payload.tags.map(t, t + '!')",
    "trim": "record.payload.sku.trim().lowerAscii()",
    "replace": "record.payload.title.replace(' ', '-')",
}
