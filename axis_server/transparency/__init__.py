"""The transparency log as the axis shows it, and what others say of it.

The ledger keeps leaves and tree in the transaction of what they attest; here nothing is decided about
documents. `publisher` signs what the ledger holds while `patrol` goes round the tree, `proofs` answers about
it. In the background `witnessing` has checkpoints cosigned, `stamping` has them time-stamped, and `growing`
the seals of evidence, by `authorities`.
"""
