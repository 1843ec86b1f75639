"""Keeps bytes and facts: the archive keeps originals under their digest, the ledger keeps what happened.

Knows nothing of XML, gRPC or what an agency is; a document is bytes with a digest, an evidence is bytes with
a name. The two promises stand in `storage.archive.base.Archive` and `storage.ledger.base.Ledger`; everything
else in this room implements them. Errors are `storage.errors`.
"""
