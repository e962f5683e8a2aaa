# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a WinRM client meets: TCP, HTTP, authentication, SOAP and the command shell."""
