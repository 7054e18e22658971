"""Documents: files given once, kept by digest, handed out by permission.

A file is stored outside the web root under the SHA-256 of its bytes; a `Document` row says what it is called, who gave it and
what it belongs to. The type comes from the content, never from the request. Rows are only added: a new file is a new document.
States: none. Neighbours: uses record and accounts; vendors and all later domains attach documents.
"""
