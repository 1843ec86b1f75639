"""The asynchronous client: every act of an agency, one method each."""

from __future__ import annotations

from axis_client.acts.archiving import Archiving
from axis_client.acts.finding import Finding
from axis_client.acts.following import Following
from axis_client.acts.recalling import Recalling
from axis_client.acts.retaining import Retaining


class AsyncClient(Recalling, Archiving, Following, Finding, Retaining):
    """An agency's connection to the axis: `async with AsyncClient(profile) as axis: ...`.

    Every method raises `AxisError`. Whatever can be repeated safely is repeated, with back-off, for as long
    as the patience lasts; what is returned was verified.
    """
