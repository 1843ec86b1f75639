"""Seals and verdicts. Pure: bytes and a time in, a sealed document or a verdict out.

    signer = load_pem(Path("agency.key"), Path("agency.crt"))
    sealed = seal(package, signer=signer, place=HEADER_PLACE, at=now)

    verdict = verify(sealed, trust=TrustStore.of(roots), at=now)
    if isinstance(verdict, Sound):
        verdict.root          # the tree that was signed, nothing else
        verdict.certificate   # the one that the chain was built for

Modules: `parser` (the one hardened XML parser), `keys`, `seal`, `verify`, `policy`, `trust`, `verdict`
(verdicts and their reasons), `evidence` (ETSI EN 319 522 evidence documents), `schema/` (the XSD),
`log/` (the transparency log: tree, checkpoints, proofs, witnesses), `revocation/` (lists and OCSP answers),
`timestamps/` (RFC 3161, and seals grown to XAdES-B-T).
Nothing here imports asyncio, grpc, storage or anything that calls it.
"""
