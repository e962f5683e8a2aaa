# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""winsim: simulated Windows hosts on 127.0.0.1 that answer the real WinRM client of Ansible. See ../README.md."""
