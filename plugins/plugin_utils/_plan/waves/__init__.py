# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""In what order and how many at a time hosts are patched: clusters keep running, and failures stop the rest."""
