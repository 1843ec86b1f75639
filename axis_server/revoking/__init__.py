"""Whether certificates were revoked, as the authorities say: asked in the background, kept, never guessed.

    Known          the last answers of all places, as the ledger has them for all nodes; they join the trust
    Asking         asks each place in good time, rests after a failure; and at once, when a document waits
    Stapling       by which answers something was judged, to be kept with it

A place is an address for a certificate's issuer (a list) or for a certificate (OCSP). What comes is kept only
when its signature is the issuer's. An answer counts in its span and the grace of the settings, then the state
is unknown: what that does is the policy's to say (`signing.policy.Revocation`).
"""
