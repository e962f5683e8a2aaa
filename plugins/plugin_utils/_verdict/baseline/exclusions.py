# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is never installed unless a baseline names it by its id, and so is never missing either."""

from __future__ import annotations

import re

from ..._evidence.scan import Update
from .classifications import DRIVERS, UPGRADES, classification_of
from .values import LONGEST_TITLE

# Packages that move Windows to the next version's build line by switching on what is installed already. Their titles
# are in the language of the host, their numbers are not. Known from use, not from a published list.
ENABLEMENT_KBS = frozenset({"4517245", "4562830", "5000736", "5003791", "5015684", "5027397", "5054156"})
_FEATURE_UPDATE = re.compile(r"\bfeature update to windows\b|\benablement package\b", re.IGNORECASE)
# In titles of updates the word stands where the month's preview is told from the month's update.
_PREVIEW = re.compile(
    r"\b(?:preview|vorschau\w*|aper[cç]u|vista previa|versi[oó]n preliminar|anteprima|pr[eé]-visualiza\w*"
    r"|vers[aã]o pr[eé]via|f[oö]rhands\w*|forh[aå]nds\w*|önizleme\w*|podgl[aą]d|wersja zapoznawcza|n[aá]hled)\b"
    r"|プレビュー|预览|預覽|미리 ?보기|предварительн\w+|ознакомительн\w+",
    re.IGNORECASE,
)


def excluded_reason(update: Update) -> str | None:
    """Return why an update is never installed unless it is named by its id, or None.

    A property that could not be read excludes nothing: an update must not be left out because little is known of it.
    """
    title = update.title[:LONGEST_TITLE] if update.title else ""
    classification = classification_of(update.classification_id, update.classification)
    if classification == UPGRADES or _FEATURE_UPDATE.search(title) or not ENABLEMENT_KBS.isdisjoint(update.kb):
        return "it is a feature upgrade, which would change the build line of Windows"
    if update.type == "driver" or classification == DRIVERS:
        return "it is a driver"
    if update.beta is True or _PREVIEW.search(title):
        return "it is a preview"
    if update.hidden is True:
        return "somebody has hidden it on the host"
    if update.browse_only is True:
        return "it is optional (browse-only)"
    if update.user_input is True:
        return "its installer may ask a person"
    return None
