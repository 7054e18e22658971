"""Documents: files given once, kept by digest, handed out by permission.

A file is stored outside the web root (a folder, or an S3-compatible store) under the SHA-256 of its bytes; a `Document` row says
what it is called, whose it is and what it belongs to. The type comes from the content, never from the request. Rows are only
added: a new file is a new document. What an authority holds comes from the city's data hub by a `DataConsent` for one order.
`DocumentReader` lets the other side of an order read; readings by staff are recorded and shown to the owner. When the term of
a purpose is over the bytes go, the row with its digest stays. Large files come in parts (`Upload`); paper comes with a `Slip`.
States: none. Neighbours: uses record and accounts; vendors and all later domains attach documents.
"""
