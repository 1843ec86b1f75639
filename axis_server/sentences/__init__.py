"""What the axis's own codes say to people: a sentence and a next step, in English and in Vietnamese, by what
they are about.

    SENTENCES["WITHHELD"].vietnamese

Keyed by the names of `reasons.Code`, which has one for each. The verdicts of `signing` bring their own
sentences; where both have a code, the one here speaks for both.
"""

from collections.abc import Mapping
from types import MappingProxyType

from axis_server.sentences.archiving import ARCHIVING
from axis_server.sentences.calling import CALLING, OF_THE_CALLER
from axis_server.sentences.delivering import DELIVERING
from axis_server.sentences.files import FILES
from axis_server.sentences.packages import PACKAGES
from axis_server.sentences.recipients import RECIPIENTS
from axis_server.sentences.serving import SERVING
from signing.verdict import Sentence

SENTENCES: Mapping[str, Sentence] = MappingProxyType(
    {**CALLING, **PACKAGES, **RECIPIENTS, **FILES, **DELIVERING, **ARCHIVING, **SERVING}
)
SENTENCES_OF_THE_CALLER: Mapping[str, Sentence] = MappingProxyType({**OF_THE_CALLER})
