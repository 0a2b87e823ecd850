-- What wrk posts: one product event of 462 bytes.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = '{"id":"evt_000000000000000000000001","type":"product.updated","occurred_at":"2026-11-23T08:15:30.250Z",'
  .. '"data":{"sku":"AB-1234-XY","title":"A chair of oak, with a seat of woven paper cord","price":"129.90",'
  .. '"list_price":"149.00","stock":12,"status":"active","brand":{"id":17,"name":"Nordlys"},'
  .. '"tags":["chair","oak","dining"],"dimensions":{"w":48,"d":51,"h":79},"weight_kg":4.2,'
  .. '"description":"Solid oak, oiled; made to last. Delivered assembled.","updated_at":"2026-11-23T08:15:29.100Z"}}'
