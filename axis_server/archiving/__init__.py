"""Archiving: what is kept, for how long, and how it is shown to be whole.

cataloguing                what keeps dispatches findable
scrub, soundness           everything is read again; a store is proved from the log down to the last file
terms, deciding, locking   how long a document is kept: what decisions mean, who makes them, object lock
disposal, destruction, disposed
                           a signed order, carried out and attested; what may rightly be missing since
sweeping                   files that nothing names
renewing, volumes          proofs that outlive what they rest on: archive records of RFC 4998
monthly                    months of the ledger, made ahead of time
"""
