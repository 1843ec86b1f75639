"""The transparency log as the axis shows it: checkpoints that it signs, proofs that it gives.

The ledger keeps leaves and tree in the transaction of what they attest; here nothing is decided about
documents. `publisher` signs what the ledger holds, `proofs` answers about it.
"""
