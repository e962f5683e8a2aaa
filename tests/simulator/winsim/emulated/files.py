# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Files that Ansible itself sends to the host and fetches from it."""

from __future__ import annotations

import hashlib
import json

from ..host import Access
from ..model import File, expand


def write_file(access: Access, path: str, content: bytes) -> str:
    """Keeps the file; the answer is what put_file prints: its SHA-1 as JSON."""
    path = expand(path)
    access.host.files[path.lower()] = File(path=path, raw=content, modified=access.now)
    access.host.touch()
    return json.dumps({"sha1": hashlib.sha1(content, usedforsecurity=False).hexdigest()}) + "\r\n"
