# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Recordings of our scripts under a real PowerShell: how they are made, kept, replayed and judged."""
