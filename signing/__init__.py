"""Seals and verdicts. Pure: bytes and a time in, a sealed document or a verdict out.

    signer = load_pem(Path("agency.key"), Path("agency.crt"))
    sealed = seal(package, signer=signer, place=HEADER_PLACE, at=now)

    verdict = verify(sealed, trust=TrustStore.of(roots), at=now)
    if isinstance(verdict, Sound):
        verdict.root          # the tree that was signed, nothing else
        verdict.certificate   # the one that the chain was built for

A document: `parser` (the one hardened XML parser), `seal`, `verify` with `structure`, `canonical`, `keyinfo`
and `xades`; `keys`, `algorithms` and `strength`; `policy`, `trust` with `chain`, `revocation/` (lists and
OCSP answers), `entitlement` (who may sign what); `verdict` and `reasons/`.

What is signed: `evidence/` (ETSI EN 319 522), `statements/` (what the axis states about itself), `log/` (the
transparency log: tree, checkpoints, proofs, witnesses), `timestamps/` (RFC 3161, and seals grown to
XAdES-B-T), `renewal/` (archive records, RFC 4998), `package/` (all that proves a dispatch, in one file).
Nothing here imports asyncio, grpc, storage or anything that calls it.
"""
