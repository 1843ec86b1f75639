"""What the axis states about itself, and what it is ordered, under a seal: small XML documents of its own.

    content = acts.write(ActStatement(...), Sealer(signer))
    verdict = verify(content, trust=..., at=...)          # like every other seal
    acts.read(verdict).kind

Modules: `acts` (what operators did), `archive` (a round through everything that is kept), `retention`
(decisions, orders to dispose, evidence of destruction); `document` is the form of them all.
"""
