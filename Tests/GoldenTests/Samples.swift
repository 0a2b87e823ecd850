/// Pipelines and data for the tests.
enum Sample {
  /// Of ten products two are filtered; one has a name that is too long, one no id, and one line is not JSON.
  static let records = """
    {"id":1,"kind":"physical","name":" Chair ","price":"49.90","status":"published","weight_kg":7.5}
    {"id":2,"kind":"physical","name":"Table","price":"199.00","status":"draft","weight_kg":22}
    {"id":3,"kind":"service","name":"Delivery","price":"9.90","status":"published"}
    {"id":4,"kind":"physical","name":"A lamp with a name that is much too long","price":"19.90","status":"published"}
    {"kind":"physical","name":"Without an id","price":"1.00","status":"draft"}
    {"id":6,"kind":"physical","name":"Shelf","price":"79.00","status":"published","weight_kg":14}
    {"id":7,"kind":"service","name":"Assembly","price":"39.00","status":"draft"}
    {"id":8,"kind":"physical","name":"Sofa
    {"id":9,"kind":"physical","name":"Bed","price":"349.00","status":"published","weight_kg":41}
    {"id":10,"kind":"physical","name":"Rug","price":"59.00","status":"archived","weight_kg":3}

    """

  static let pipeline = """
    millrace: 1
    name: products
    source: {type: file, path: products.ndjson}
    transforms:
      - filter: record.kind == "physical"
    mappings:
      id: {from: record.id, required: true}
      name: {from: record.name, trim: true, max_length: 20}
      price: {from: record.price, as: decimal}
      status: {from: record.status, values: {draft: hidden, published: active}, otherwise: hidden}
      weight_g: {from: record.weight_kg, unit: kg -> g, default: 0}
      shop: {const: main}
    target: {type: file, path: out/shop.ndjson, write: replace}

    """

  /// Everything that can be copied, at so many records a second.
  static func copy(_ name: String, rate: Int? = nil, source: String = "products.ndjson") -> String {
    """
    millrace: 1
    name: \(name)
    source: {type: file, path: \(source)}
    mappings: all
    target: {type: file, path: out/\(name).ndjson, write: append}
    \(rate.map { "limits: {rate: \($0)/s}\n" } ?? "")
    """
  }

  static let broken = """
    millrace: 1
    name: broken
    sorce: {type: file}
    mappings: {a: record.a, a: record.b}
    target: {type: fil, path: x.ndjson}
    limits: {rate: 5}

    """
}

extension Program {
  /// With the sample's data and pipeline.
  static func withSample() throws -> Program {
    let program = try Program()
    try program.write(Sample.records, to: "products.ndjson")
    try program.write(Sample.pipeline, to: "products.yaml")
    return program
  }
}
