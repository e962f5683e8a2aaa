# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Categories of updates: their ids, and their names in the host's language. Names are translated, ids never are."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

DRIVERS: Final = "Drivers"
# windows.md §2.3.
CLASSIFICATIONS: Final[Mapping[str, str]] = {
    "Security Updates": "0fa1201d-4330-4fa8-8ae9-b877473b6441",
    "Critical Updates": "e6cf1350-c01b-414d-a61f-263d14d133b4",
    "Definition Updates": "e0789628-ce08-4437-be74-2495b842f43b",
    "Update Rollups": "28bc880e-0592-4cbf-8f95-c79b17911d5f",
    "Updates": "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83",
    "Feature Packs": "b54e7d24-7add-428f-8b75-90a396fa584f",
    "Service Packs": "68c5b0a3-d1a6-4553-ae49-01d3a7827828",
    DRIVERS: "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0",
    "Tools": "b4832bd8-e735-4761-8daf-37f882276dab",
    "Upgrades": "3689bdc8-b205-4af4-8d4a-a63924c5e9d5",
}
# A name without a translation stays English, as the agent's own does where its language pack has none.
TRANSLATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {},
    "de": {
        "Security Updates": "Sicherheitsupdates",
        "Critical Updates": "Wichtige Updates",
        "Definition Updates": "Definitionsupdates",
        "Update Rollups": "Updaterollups",
        "Service Packs": "Service Packs",
        DRIVERS: "Treiber",
        "Upgrades": "Upgrades",
    },
    "fr": {
        "Security Updates": "Mises à jour de la sécurité",
        "Critical Updates": "Mises à jour critiques",
        "Definition Updates": "Mises à jour de définitions",
        "Update Rollups": "Correctifs cumulatifs",
        "Updates": "Mises à jour",
        DRIVERS: "Pilotes",
    },
    "ja": {
        "Security Updates": "セキュリティ問題の修正プログラム",
        "Critical Updates": "重要な更新",
        "Definition Updates": "定義更新プログラム",
        "Update Rollups": "修正プログラム集",
        "Updates": "更新",
        DRIVERS: "ドライバー",
    },
}
_PRODUCTS: Final = uuid.UUID("f1a3c1de-6d5c-4b4e-9a53-0d1f7c2b9e60")


def categories_of(update: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """`[{id, name, type}]`: the file's own `categories`, or what follows from `classification` and `products`."""
    if "categories" in update:
        return [_named(dict(category), language) for category in update["categories"]]
    found = [_classification(update["classification"], language)] if "classification" in update else []
    return found + [_product(product) for product in update.get("products", [])]


def _classification(name: str, language: str) -> dict[str, Any]:
    known = {english.lower(): english for english in CLASSIFICATIONS}
    english = known.get(name.lower(), name)
    return _named({"name": english, "type": "UpdateClassification"}, language)


def _product(product: str | Mapping[str, Any]) -> dict[str, Any]:
    words = {"name": product} if isinstance(product, str) else dict(product)
    return _named({**words, "type": "Product"}, "en")


def _named(category: dict[str, Any], language: str) -> dict[str, Any]:
    name = str(category.get("name", ""))
    return {
        "id": str(category.get("id") or CLASSIFICATIONS.get(name) or uuid.uuid5(_PRODUCTS, name.lower())).lower(),
        "name": TRANSLATIONS[language].get(name, name),
        "type": category.get("type", "UpdateClassification"),
    }
