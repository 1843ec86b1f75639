"""How docs/sizing.md comes about: `page.md` is its text, `measured` the tables of what
`python -m benchmarks.sizing` found, `examples` the three computations, by `arithmetic` as it stands on the
page. Nothing on the page is a number that is not measured, an assumption shown beside it, or computed.
"""
