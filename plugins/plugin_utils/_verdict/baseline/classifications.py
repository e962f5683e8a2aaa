# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The classifications of updates. Their ids are the same everywhere, their names are in the language of the host."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# English name to CategoryID.
CLASSIFICATIONS: Mapping[str, str] = MappingProxyType(
    {
        "Critical Updates": "e6cf1350-c01b-414d-a61f-263d14d133b4",
        "Definition Updates": "e0789628-ce08-4437-be74-2495b842f43b",
        "Drivers": "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0",
        "Feature Packs": "b54e7d24-7add-428f-8b75-90a396fa584f",
        "Security Updates": "0fa1201d-4330-4fa8-8ae9-b877473b6441",
        "Service Packs": "68c5b0a3-d1a6-4553-ae49-01d3a7827828",
        "Tools": "b4832bd8-e735-4761-8daf-37f882276dab",
        "Update Rollups": "28bc880e-0592-4cbf-8f95-c79b17911d5f",
        "Updates": "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83",
        "Upgrades": "3689bdc8-b205-4af4-8d4a-a63924c5e9d5",
    }
)
DRIVERS = CLASSIFICATIONS["Drivers"]
UPGRADES = CLASSIFICATIONS["Upgrades"]

_BY_NAME = {name.lower(): category for name, category in CLASSIFICATIONS.items()}
_NAMES = {category: name for name, category in CLASSIFICATIONS.items()}


def classification_by_name(name: str) -> str | None:
    """Return the id of an English name, upper or lower case; None for any other text."""
    return _BY_NAME.get(name.strip().lower())


def classification_name(category: str) -> str:
    """Return the English name of an id, or the id where it is none of the table."""
    return _NAMES.get(category, category)


def classification_of(category: str | None, name: str | None) -> str | None:
    """Return the id of an update's classification from its id or its English name; None where neither tells."""
    if category:
        return category.lower()
    return classification_by_name(name) if name else None
