"""How the axis is put together: each module makes one part of it from the settings and what is opened.

    services     the use cases over their means, and the servicers over those
    retention, renewal, growth, tending, vouching, revocation
                 what goes on beside the calls, a `Work` each
    listening    where the axis listens beside its door, and where it sends traces

`axis_server.app` calls them, in order; nothing else that runs knows them.
"""
